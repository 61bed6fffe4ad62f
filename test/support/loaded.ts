// Loads before any test what the service imports on first use. Under the real clock, because the library of conditions
// keeps the class of dates, and outside of any request, because a request cannot wait for the import of another one.
import '../../functions/domain/conditions/cel.ts'
import '../../functions/domain/factors/webauthn.ts'
