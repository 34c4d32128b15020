import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileArn } from './arn-pattern.ts';
import { compileGlob, type GlobToken, matchesGlob } from './glob.ts';
import { tokenise } from './text-pattern.ts';

const SYNTAX = { hasVariables: false, hasWildcards: true };
const NOTHING = new Map();

const globOf = (pattern: string) =>
  compileGlob(
    tokenise(pattern, SYNTAX).filter((token): token is GlobToken => !Object.hasOwn(Object(token), 'key')),
  );

/** The same by a regular expression. */
function oracle(pattern: string): RegExp {
  const source = [...pattern].map((character) => {
    if (character === '*') return '.*';
    return character === '?' ? '.' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return new RegExp(`^${source.join('')}$`, 's');
}

const text = (alphabet: string, maxLength: number) =>
  fc.array(fc.constantFrom(...alphabet), { maxLength }).map((characters) => characters.join(''));

describe('a pattern with wildcards', () => {
  it('matches what a regular expression of the same meaning does', () => {
    fc.assert(
      fc.property(text('ab*?.', 12), text('ab.\n', 16), (pattern, subject) => {
        assert.equal(
          matchesGlob(globOf(pattern), subject),
          oracle(pattern).test(subject),
          `${pattern} on ${subject}`,
        );
      }),
      { numRuns: 20_000 },
    );
  });

  it('matches text that was made from it', () => {
    fc.assert(
      fc.property(text('abc*?', 12), text('abc*?', 5), (pattern, filling) => {
        const subject = pattern.replaceAll('*', () => filling).replaceAll('?', 'x');
        assert.equal(matchesGlob(globOf(pattern), subject), true, `${pattern} on ${subject}`);
      }),
      { numRuns: 5_000 },
    );
  });

  it('costs no more than its text is long, however many stars it has and however near it comes', () => {
    const cost = (stars: number, length: number) => {
      const globs = ['*a', '*?a', '*aab'].map((piece) => globOf(`${piece.repeat(stars)}*c`));
      const subject = 'a'.repeat(length);
      const before = process.cpuUsage();
      for (let round = 0; round < 20; round++)
        for (const glob of globs) assert.equal(matchesGlob(glob, subject), false);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    cost(500, 10_000);
    // With steps taken back it would be 2^500; without, sixty matches are some tens of milliseconds.
    const costMs = cost(500, 10_000);
    assert.ok(costMs < 1000, `${costMs} ms`);
  });
});

describe('a pattern of an ARN', () => {
  it('matches part by part, and the resource with all its colons', () => {
    const part = text('ab*?', 3);
    const subject = text('ab', 4);
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 6, maxLength: 8 }),
        fc.array(subject, { minLength: 6, maxLength: 8 }),
        (patternParts, parts) => {
          const split = (items: readonly string[]) => [...items.slice(0, 5), items.slice(5).join(':')];
          const expected = split(patternParts).every((one, index) =>
            oracle(one).test(split(parts)[index] ?? ''),
          );
          const tokens = tokenise(patternParts.join(':'), SYNTAX);
          assert.equal(compileArn(tokens)(parts.join(':'), NOTHING), expected);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it('of nothing but stars matches everything, also what is no ARN', () => {
    for (const pattern of ['*', '**'])
      assert.equal(compileArn(tokenise(pattern, SYNTAX))('*', NOTHING), true);
  });

  it('does not match what is no ARN, nor with fewer parts than an ARN has', () => {
    assert.equal(compileArn(tokenise('arn:aws:s3:*:*:*', SYNTAX))('*', NOTHING), false);
    assert.equal(compileArn(tokenise('arn:*', SYNTAX))('arn:aws:s3:::b', NOTHING), false);
  });
});
