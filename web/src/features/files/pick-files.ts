/** Opens the browser's dialog for files, or the camera. Must be called by what the viewer pressed. */
export function pickFiles(
  onFiles: (files: readonly File[]) => void,
  { isCamera = false, isPicture = false } = {},
): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = !isCamera && !isPicture;
  if (isPicture) input.accept = "image/*";
  if (isCamera) {
    input.accept = "image/*";
    input.capture = "environment";
  }
  input.onchange = () => {
    const files = [...(input.files ?? [])];
    if (files.length > 0) onFiles(files);
  };
  input.click();
}
