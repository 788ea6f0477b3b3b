// A list whose elements live on while their items change: in, items with keys; out, the parent's children, one an item, in
// the items' order. So focus, selection and open tables stay where they are when numbers come in. Called by the pages.

/** What draws one item, and draws it anew. */
export interface Part<Item> {
  readonly element: Element;
  update(item: Item): void;
}

export class Keyed<Item> {
  readonly #parts = new Map<string, Part<Item>>();
  readonly #parent: Element;
  readonly #key: (item: Item) => string;
  readonly #create: (item: Item) => Part<Item>;

  constructor(parent: Element, key: (item: Item) => string, create: (item: Item) => Part<Item>) {
    this.#parent = parent;
    this.#key = key;
    this.#create = create;
  }

  update(items: readonly Item[]): void {
    const keys = distinct(items.map(this.#key));
    this.#forget(new Set(keys));
    let before: Element | null = this.#parent.firstElementChild;
    items.forEach((item, index) => {
      const part = this.#part(keys[index] ?? "", item);
      part.update(item);
      if (part.element === before) before = before.nextElementSibling;
      else this.#parent.insertBefore(part.element, before);
    });
  }

  #part(key: string, item: Item): Part<Item> {
    const known = this.#parts.get(key);
    if (known) return known;
    const made = this.#create(item);
    this.#parts.set(key, made);
    return made;
  }

  /** First of all, so that those who stay need not be moved, which would take their focus. */
  #forget(wanted: ReadonlySet<string>): void {
    for (const [key, part] of this.#parts) {
      if (wanted.has(key)) continue;
      part.element.remove();
      this.#parts.delete(key);
    }
  }
}

/** Keys that occur again get a number, so that two items never share an element. */
export function distinct(keys: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return keys.map((key) => {
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return before ? `${key}\n${before}` : key;
  });
}
