# sh watcher.sh LEDGER: ends what a server has started once the server is gone, however it went.
#
# In, on standard input: "+ PID BEGAN" where the server has started the leader of a process group, "- PID" where that one is
# over. At the input's end, which is the server's, all groups that are left are killed. Meanwhile the file LEDGER names them, for
# `offspring.strays`, should this process be killed too.
#
# Launched by `offspring.family`. A process of its own, since a worker can do nothing while a handler's C code holds the
# interpreter's lock; and a shell, since that takes 0.3 MB where Python takes 4. It starts no
# process itself: not even mv, so the ledger is empty for some microseconds where a group is over.

ledger=$1
groups=''  # PID:BEGAN, with spaces between

printf '' > "$ledger"  # another watcher's, which was killed
trap '' HUP INT TERM  # the server's to handle, or nobody's: this process ends when the server does, and not before

while read -r sign pid began; do
    if [ "$sign" = + ]; then
        groups="$groups $pid:$began"
        echo "$pid:$began" >> "$ledger"
    else
        kept=''
        for group in $groups; do
            [ "${group%:*}" = "$pid" ] || kept="$kept $group"
        done
        groups=$kept
        # A full disk costs the next server's knowledge, not this one's. No quotes: a line each.
        printf '%s\n' $groups > "$ledger"
    fi
done

for group in $groups; do
    kill -s KILL -- "-${group%:*}"  # or nobody is in it any more
done
