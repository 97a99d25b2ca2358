namespace Seedance.Onnx.Server.Ark;

/// <summary>Why a task failed.</summary>
internal sealed record ArkTaskError(string Code, string Message);
