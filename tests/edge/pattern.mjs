// The little language of the scenario table, as tests/scenarios/pattern.rs defines it.
//
// `$T` is one of the table's fixed ids; `<S>` an id that the gateway made, which must be the same wherever it stands in one
// row. `.hex` is the undashed spelling of a UUID and `.low` its last 16 digits.

const DASHED = 36;

const spelled = (id, part) => {
  const undashed = id.replaceAll("-", "");
  return { "": id, ".hex": undashed, ".low": undashed.slice(16) }[part ?? ""];
};

/** Puts the table's fixed ids into a text. */
export function filled(text, ids) {
  return text.replace(/\$([A-Za-z0-9]+)(\.hex|\.low)?/g, (_, name, part) => {
    if (!(name in ids)) throw new Error(`the table has no id $${name}`);
    return spelled(ids[name], part);
  });
}

const LENGTHS = [
  [/\.hex$/, 32],
  [/\.low$/, 16],
  [/^T/, 32],
  [/^S./, 16],
  [/^/, DASHED],
];
const length = (name) => LENGTHS.find(([kind]) => kind.test(name))[1];

/** The ids that the gateway made in one row. */
export class Bound {
  ids = {};

  /** Whether `actual` is what `pattern` says; ids seen for the first time are remembered. */
  matches(pattern, actual) {
    let rest = actual;
    for (const [, literal, name] of pattern.matchAll(/([^<]*)<([^>]*)>/g)) {
      if (!rest.startsWith(literal)) return false;
      rest = rest.slice(literal.length);
      if (!this.#bind(name, rest.slice(0, length(name)))) return false;
      rest = rest.slice(length(name));
    }
    return rest === pattern.slice(pattern.lastIndexOf(">") + 1);
  }

  #bind(name, id) {
    if (id.length !== length(name) || !/^[-0-9a-fA-F]+$/.test(id)) return false;
    const parts = id.length === DASHED ? ["", ".hex", ".low"] : [""];
    let same = parts.every((part) => this.#same(name + part, spelled(id, part)));
    if (name.endsWith(".hex")) same &&= this.#same(name.replace(/\.hex$/, ".low"), spelled(id, ".low"));
    return same;
  }

  #same(name, id) {
    return (this.ids[name] ??= id) === id;
  }
}

const first = (line) => line.split(/[: ]/, 1)[0];

/** Whether the lines are those that are wanted, in any order. */
export function same(wanted, found, bound) {
  const left = [...found];
  for (const line of wanted) {
    const at = left.findIndex((other) => first(other) === first(line) && bound.matches(line, other));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return left.length === 0;
}
