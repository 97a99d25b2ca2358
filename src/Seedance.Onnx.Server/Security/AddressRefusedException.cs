namespace Seedance.Onnx.Server.Security;

/// <summary>A host that a client named is at an address that is not of the public internet. Which one is nobody's business.</summary>
internal sealed class AddressRefusedException(string host) : IOException($"'{host}' must be a public address, but is not.");
