namespace Seedance.Onnx.Server.Ark;

/// <summary>What a task took: width · height · frames / 1024.</summary>
internal sealed record ArkTaskUsage(long CompletionTokens, long TotalTokens);
