namespace Seedance.Onnx.Server.OpenAi;

/// <summary>The answer to a deletion.</summary>
internal sealed record OpenAiDeletedVideo(string Id, bool Deleted, string Object);
