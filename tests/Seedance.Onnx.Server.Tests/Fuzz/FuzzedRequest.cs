namespace Seedance.Onnx.Server.Fuzz;

/// <summary>A request as bytes.</summary>
/// <param name="Kind">What was done to it, for failures.</param>
/// <param name="Bytes">All of it.</param>
/// <param name="IsFramed">Whether head and length are right, so that another request can follow on the same connection.</param>
internal sealed record FuzzedRequest(string Kind, byte[] Bytes, bool IsFramed);
