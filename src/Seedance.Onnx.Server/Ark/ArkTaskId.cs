namespace Seedance.Onnx.Server.Ark;

/// <summary>The answer to a creation.</summary>
internal sealed record ArkTaskId(string Id);
