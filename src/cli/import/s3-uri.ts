export function isS3Uri(path: string): boolean {
  return path.startsWith('s3://');
}
