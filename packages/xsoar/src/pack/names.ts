/** The name of the integration; its id, and the brand in the tasks of playbooks. */
export const INTEGRATION = 'Verdict';

/** The version of the pack; a change that customers see gets a new one, and release notes. */
export const PACK_VERSION = '1.0.0';

/** A fixed day, so that the same sources give the same bytes. */
export const PACK_CREATED = '2026-11-28T00:00:00Z';

/** Where users of packs without a vendor’s support help each other. */
export const PACK_URL = 'https://live.paloaltonetworks.com/t5/cortex-xsoar-discussions/bd-p/Cortex_XSOAR_Discussions';
