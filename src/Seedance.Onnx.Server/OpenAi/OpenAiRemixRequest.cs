using System.ComponentModel;

namespace Seedance.Onnx.Server.OpenAi;

/// <summary>The body of a remix as the OpenAPI document tells it.</summary>
internal sealed record OpenAiRemixRequest
{
    [Description("What the video is to show instead.")]
    public required string Prompt { get; init; }

    [Description("Another seed; the video's own if left out.")]
    public long? Seed { get; init; }
}
