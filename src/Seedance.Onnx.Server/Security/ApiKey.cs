namespace Seedance.Onnx.Server.Security;

/// <summary>A key as it is kept: its hash only. Keys are 256 random bits, so that one round of a fast hash keeps them.</summary>
/// <param name="Name">Whose it is; jobs belong to it.</param>
/// <param name="Sha256">The key's sha256, in hexadecimal.</param>
/// <param name="RequestsPerMinute">How many requests it may send in a minute; the server's if not specified.</param>
/// <param name="ConcurrentRequests">How many at once; the server's if not specified.</param>
internal sealed record ApiKey(string Name, string Sha256, int? RequestsPerMinute = null, int? ConcurrentRequests = null);
