/**
 * Hands a file to the visitor, out of memory: nothing is sent.
 *
 * @param type media type. Default: `text/plain`.
 */
export function saveFile(name: string, text: string, type = 'text/plain'): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has its own hold on the blob once the download has begun, which is after this task.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
