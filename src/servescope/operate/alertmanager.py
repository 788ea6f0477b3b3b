"""Alertmanager's configuration: nothing flows in; out, an example that routes, groups and inhibits Servescope's alerts.

Its labels are those that `rule_files` puts on alerts: severity (page, ticket) and role (cause, symptom). Receivers do
nothing until somebody fills them in.
"""

from typing import Final

_TEXT: Final = """\
# Written by `servescope prometheus` as an example: fill in the receivers.
route:
  receiver: tickets
  # One notification for all that a model has at a time.
  group_by: [job, model_name]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 24h
  routes:
    - matchers: ['severity="page"']
      receiver: pages
      group_wait: 10s
      group_interval: 1m
      repeat_interval: 1h

inhibit_rules:
  # While a model's cause fires, what its users feel of it is known. A ticket never silences a page.
  - source_matchers: ['role="cause"', 'severity="page"']
    target_matchers: ['role="symptom"']
    equal: [job, model_name, model_version]
  - source_matchers: ['role="cause"', 'severity="ticket"']
    target_matchers: ['role="symptom"', 'severity="ticket"']
    equal: [job, model_name, model_version]
  # Of an objective that pages, there need be no ticket as well; and of errors that page, none either.
  - source_matchers: ['severity="page"', 'role="symptom"']
    target_matchers: ['severity="ticket"', 'role="symptom"']
    equal: [alertname, job, model_name, model_version]
  - source_matchers: ['alertname="ServescopeManyErrors"']
    target_matchers: ['alertname="ServescopeErrors"']
    equal: [job, model_name, model_version]

receivers:
  - name: pages
    # webhook_configs:
    #   - url: "http://127.0.0.1:5001/pages"
    # pagerduty_configs:
    #   - routing_key_file: /etc/alertmanager/pagerduty.key
  - name: tickets
    # slack_configs:
    #   - api_url_file: /etc/alertmanager/slack.url
    #     channel: "#models"
"""


def alertmanager_file() -> str:
    """The text of alertmanager.yml."""
    return _TEXT
