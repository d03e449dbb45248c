/** What other packages use of the XSOAR side. */
export {};
