/** The address of the service in the lines of the reference. The page replaces it with its own. */
export const SERVICE = 'https://countersign.example'
