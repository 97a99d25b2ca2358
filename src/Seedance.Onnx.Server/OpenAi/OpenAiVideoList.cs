namespace Seedance.Onnx.Server.OpenAi;

/// <summary>A page of videos.</summary>
internal sealed record OpenAiVideoList(string Object, IReadOnlyList<OpenAiVideo> Data, string? FirstId, string? LastId, bool HasMore);
