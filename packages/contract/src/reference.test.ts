import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReference, writeReference } from './reference.ts';

describe('parseReference', () => {
  it.each([
    ['my-key', { kind: 'name', name: 'my-key' }],
    ['  Endpoint alerts (EU) ', { kind: 'name', name: 'Endpoint alerts (EU)' }],
    ['integrations(title=x)', { kind: 'name', name: 'integrations(title=x)' }],
    ["{{integrations(title='XSOAR')}}", { kind: 'integration', title: 'XSOAR' }],
    ['{{integrations(title="XSOAR")}}', { kind: 'integration', title: 'XSOAR' }],
    ["{{ integrations ( title = 'X SOAR' ) }}", { kind: 'integration', title: 'X SOAR' }],
    ["{{integrations(title='it\\'s \"so\"')}}", { kind: 'integration', title: 'it\'s "so"' }],
    ['{{integrations(title="it\'s")}}', { kind: 'integration', title: "it's" }],
    ["{{integrations(title='CORP\\soc')}}", { kind: 'integration', title: 'CORP\\soc' }],
    ["{{integrations(title='a\\\\')}}", { kind: 'integration', title: 'a\\' }],
    ["{{integrations(title='a)}}b')}}", { kind: 'integration', title: 'a)}}b' }],
    ['{{integrations(internal_id=1001)}}', { kind: 'integration_id', internal_id: 1001 }],
    ["{{integrations(internal_id='1001')}}", { kind: 'integration_id', internal_id: 1001 }],
    ["{{api_keys(name='soar')}}", { kind: 'api_key', name: 'soar' }],
  ])('reads %j', (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  it.each([
    ['', 'must name a resource, and is empty'],
    ['   ', 'must name a resource, and is empty'],
    ['{{', 'must be a name, or one of the forms'],
    ['{{x}}', 'must be a name, or one of the forms'],
    ["{{integrations(title='x'", 'must have one value'],
    ["{{integrations(title='x)}}", 'must have one value'],
    ["{{integrations(title='x')}} and more", 'must have one value'],
    ["{{integrations(title='x', internal_id=1)}}", 'must have one value'],
    ['{{integrations(title=x)}}', 'must have one value'],
    ['{{integrations(title=)}}', 'must have one value'],
    ['{{integrations(title=5)}}', 'must have its title in quotes'],
    ["{{integrations(title=' ')}}", 'must have a title that is not empty'],
    ["{{integrations(name='x')}}", 'integrations(name=…) is not known'],
    ["{{jobs(title='x')}}", 'jobs(title=…) is not known'],
    ['{{api_keys(internal_id=1)}}', 'api_keys(internal_id=…) is not known'],
    ['{{integrations(internal_id=0)}}', 'must have the number of an integration'],
    ["{{integrations(internal_id='x')}}", 'must have the number of an integration'],
    ['{{integrations(internal_id=9999999999999999)}}', 'must have the number of an integration'],
    ['{{integrations(internal_id=99999999999999999999)}}', 'must have one value'],
  ])('refuses %j with a reason', (text, reason) => {
    const read = parseReference(text);
    expect(read.kind).toBe('malformed');
    expect(read.kind === 'malformed' ? read.reason : '').toContain(reason);
  });

  it('reads back what writeReference writes', () => {
    const filled = fc.string({ unit: 'binary' }).filter((text) => text.trim() !== '');
    const reference = fc.oneof(
      filled.filter((text) => !text.trim().startsWith('{{')).map((text) => ({ kind: 'name' as const, name: text.trim() })),
      filled.map((title) => ({ kind: 'integration' as const, title })),
      fc.integer({ min: 1 }).map((internal_id) => ({ kind: 'integration_id' as const, internal_id })),
      filled.map((name) => ({ kind: 'api_key' as const, name })),
    );
    fc.assert(
      fc.property(reference, (written) => {
        expect(parseReference(writeReference(written))).toEqual(written);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\{\{[a-z_]*\(?[a-z_]*=?['"]?.*$/)),
        (text) => parseReference(text).kind.length > 0,
      ),
    );
  });
});
