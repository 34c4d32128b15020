/** What a Region is called: `us-east-1`, `us-gov-west-1`, `ap-southeast-2`. */
export const REGION_NAME = /^[a-z]{2,}(-[a-z]+)+-\d+$/;
