import { INTEGRATION, PACK_CREATED, PACK_URL, PACK_VERSION } from './names.ts';

/** `pack_metadata.json`: what the marketplace shows of the pack. */
export function packMetadata(): Readonly<Record<string, unknown>> {
  return {
    name: INTEGRATION,
    description:
      'Triage alerts with Verdict, which learns a SOC’s decisions from its analysts: send alerts, get decisions with their reasons, and send back what analysts decide.',
    support: 'community',
    currentVersion: PACK_VERSION,
    author: INTEGRATION,
    url: PACK_URL,
    email: '',
    created: PACK_CREATED,
    categories: ['Data Enrichment & Threat Intelligence'],
    tags: ['Machine Learning', 'Alerts'],
    useCases: ['Case Management'],
    keywords: ['triage', 'decision', 'feedback', 'Arcanna'],
    marketplaces: ['xsoar', 'marketplacev2'],
  };
}

/** `metadata.json` of the archive that XSOAR uploads: the same, with what the server reads besides. */
export function uploadMetadata(): Readonly<Record<string, unknown>> {
  const { currentVersion, ...rest } = packMetadata();
  return {
    ...rest,
    id: INTEGRATION,
    currentVersion,
    version: PACK_VERSION,
    serverMinVersion: '5.5.0',
    hidden: false,
    certification: '',
    dependencies: { CommonPlaybooks: { mandatory: true }, CommonScripts: { mandatory: true } },
  };
}
