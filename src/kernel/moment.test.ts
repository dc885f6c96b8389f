import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromInstant, parseInstant, toInstant } from './clock.ts';
import { FixityError } from './errors.ts';
import { parseMoment, parseTime } from './moment.ts';

const now = Date.parse('2026-11-22T12:00:00.000Z');
const refused = (error: unknown) => error instanceof FixityError && error.code === 'invalid-input';

test('every form of a moment is read', () => {
  assert.deepEqual(parseMoment('prod', now), { environment: 'prod', at: 'now' });
  assert.deepEqual(parseMoment('prod#118', now), { environment: 'prod', at: 'revision', number: 118 });
  assert.deepEqual(parseMoment('prod~2', now), { environment: 'prod', at: 'back', count: 2 });
  const instants = {
    'prod@2026-11-22T02:03Z': '2026-11-22T02:03:00.000Z',
    'prod@2026-11-22T02:03:04+01:00': '2026-11-22T01:03:04.000Z',
    'prod@-10m': '2026-11-22T11:50:00.000Z',
    'prod@{2 hours ago}': '2026-11-22T10:00:00.000Z',
  };
  for (const [text, instant] of Object.entries(instants)) {
    assert.deepEqual(parseMoment(text, now), { environment: 'prod', at: 'instant', instant });
  }
});

test('what is not a moment is refused', () => {
  const bad = ['', 'Prod', 'prod#', 'prod~x', 'prod@', 'prod@25:00', 'prod@2026-02-30', 'prod@2026-02-30T00:00Z'];
  for (const text of [...bad, 'prod@-999999w', 'prod@yesterday']) assert.throws(() => parseMoment(text, now), refused);
});

test('a clock time is the latest past one', () => {
  const day = 86_400_000;
  fc.assert(
    fc.property(fc.nat(23), fc.nat(59), (hours, minutes) => {
      const found = fromInstant(parseTime(`${hours}:${String(minutes).padStart(2, '0')}`, now));
      const local = new Date(found);
      assert.deepEqual([local.getHours(), local.getMinutes(), local.getSeconds()], [hours, minutes, 0]);
      assert.ok(found <= now && found > now - day - 3_600_000);
    }),
  );
});

test('any text is either a moment or refused as one', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseMoment(text, now);
        parseMoment(`prod@${text}`, now);
      } catch (error) {
        assert.ok(refused(error));
      }
    }),
  );
});

test('instants come back as they went, and sort as they compare', () => {
  const milliseconds = fc.integer({ min: Date.parse('0000-01-01'), max: Date.parse('9999-12-31') });
  fc.assert(
    fc.property(milliseconds, milliseconds, (one, other) => {
      assert.equal(parseInstant(toInstant(one)), toInstant(one));
      assert.equal(toInstant(one) < toInstant(other), one < other);
    }),
  );
});

test('an instant whose year has no four digits in UTC is none', () => {
  assert.equal(parseInstant('9999-12-31T23:59:59-01:00'), undefined);
  assert.equal(parseInstant('2026-11-22T24:61Z'), undefined);
});
