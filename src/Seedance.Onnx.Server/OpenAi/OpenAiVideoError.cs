namespace Seedance.Onnx.Server.OpenAi;

/// <summary>Why a video could not be made.</summary>
internal sealed record OpenAiVideoError(string Code, string Message);
