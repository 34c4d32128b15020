/** What is written in place of a member that must not be seen. `names` keeps the names of a map, `key` its plain values. */
export type HideAction = 'drop' | 'hide' | 'remove' | 'stars' | 'empty' | 'names' | 'key' | 'partiQl';

/** Members to hide below a place: by SDK name, `[]` for each entry of a list, `{}` for each value of a map. */
export interface HideNode {
  action?: HideAction;
  readonly children: Map<string, HideNode>;
}

/** Adds a path such as `Entries[].MessageBody` or `Attributes{}.Value` to a tree. */
export function addHidePath(root: HideNode, path: string, action: HideAction): void {
  let node = root;
  for (const step of path.match(/\[\]|\{\}|[^.[\]{}]+/g) ?? []) {
    let child = node.children.get(step);
    if (child === undefined) {
      child = { children: new Map() };
      node.children.set(step, child);
    }
    node = child;
  }
  node.action = action;
}

export function emptyHideTree(): HideNode {
  return { children: new Map() };
}
