/**
 * What could steer a terminal or deceive its reader: C0 and C1 controls and DEL, soft hyphens, marks that are not seen,
 * line and paragraph separators, bidirectional controls, tags, variation selectors of the supplement, lone surrogates.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\u034f|\u17b4|\u17b5|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/**
 * The text with everything in it that is not simply seen written as `\u202e`. Valid JSON on one line keeps its meaning,
 * because there such characters stand only within strings, where an escape means the same.
 */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, escapeUnits);
}

function escapeUnits(character: string): string {
  let text = '';
  for (let index = 0; index < character.length; index++) {
    text += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return text;
}
