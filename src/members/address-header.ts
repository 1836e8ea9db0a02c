/** The header in which a request's address, resolved by us, is handed to better-auth. */
export const ADDRESS_HEADER = 'x-appflow-address';
