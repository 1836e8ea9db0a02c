/** Where the samples send their requests. The script of the pages replaces it with the address of the server. */
export const SAMPLE_ORIGIN = 'http://127.0.0.1:8080';
