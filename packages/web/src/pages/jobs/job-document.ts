import type { JobProperties, ResourceMap } from '@verdict/client/browser';
import { verdict } from '../../app/api.ts';

/** Most bytes of a document that is read: one of a use case has some thousand. */
const MOST_BYTES = 1_000_000;

/** A use case as a document of the v2 API, ready to be kept in a file or sent to another service. @throws VerdictError. */
export async function exportJob(jobId: number): Promise<string> {
  const [found] = await verdict.v2.resources('job', { id: jobId });
  const [entry] = Object.values(found ?? {}) as ({ readonly properties: JobProperties & { id?: number } } | undefined)[];
  if (entry === undefined) throw new Error('The use case is not there any more.');
  const { id: _, ...properties } = entry.properties;
  return `${JSON.stringify({ resources: { use_case: { type: 'job', properties } } }, null, 2)}\n`;
}

/**
 * Makes what a document of the v2 API names; nothing where something of it is refused.
 * @returns the number of its use case; null where it has none.
 * @throws Error with what is wrong with the file, VerdictError with what the service says.
 */
export async function importDocument(file: File): Promise<number | null> {
  if (file.size > MOST_BYTES)
    throw new Error(`A document has at most ${MOST_BYTES.toLocaleString()} bytes; this file is larger.`);
  let document: unknown;
  try {
    document = JSON.parse(await file.text());
  } catch {
    throw new Error('This file is no JSON. Choose one that was exported here, or a document of the v2 API.');
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new Error('A document is an object with the member "resources". Choose one that was exported here.');
  const { resources = document } = document as { readonly resources?: unknown };
  const { request, created, updated } = await verdict.v2.apply(resources as ResourceMap);
  if (request.status !== 'OK') throw new Error(request.reason_details || request.reason || 'The document was refused.');
  return [...created, ...updated].find(({ type }) => type === 'job')?.internal_id ?? null;
}

/** Hands a text to the browser as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

/** A title as the name of a file: `endpoint-alerts.json`. */
export function fileName(title: string): string {
  const plain = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${plain || 'use-case'}.json`;
}
