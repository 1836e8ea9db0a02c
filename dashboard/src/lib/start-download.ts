/** Has the browser fetch `url` of this site and save it, as it streams, under `fileName`. */
export function startDownload(url: string, fileName: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
}
