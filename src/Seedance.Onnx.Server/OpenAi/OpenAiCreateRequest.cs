using System.ComponentModel;

namespace Seedance.Onnx.Server.OpenAi;

/// <summary>The body of a creation as the OpenAPI document tells it; <see cref="OpenAiRequestReader"/> reads it field by field, to name everything that is wrong.</summary>
internal sealed record OpenAiCreateRequest
{
    [Description("What the video shows.")]
    public required string Prompt { get; init; }

    [Description("Any name, unless the server's owner says which ones.")]
    public string? Model { get; init; }

    [Description("Width and height in pixels, such as 96x64. OpenAI's four sizes stand for their shape where the pack makes no such size.")]
    public string? Size { get; init; }

    [Description("How long it plays, in seconds, as a text or a number.")]
    public string? Seconds { get; init; }

    [Description("The image that the video begins with: a file of the form, or an object with image_url (https or data URL).")]
    public object? InputReference { get; init; }

    [Description("The image that the video ends with, given like input_reference and only with it.")]
    public object? LastFrame { get; init; }

    [Description("The length in frames; counts more than seconds.")]
    public int? NumFrames { get; init; }

    [Description("Must be the pack's frames a second where it is given.")]
    public int? Fps { get; init; }

    [Description("The same seed makes the same video; drawn and told if left out.")]
    public long? Seed { get; init; }

    [Description("Steps of the solver, 1 to 1000.")]
    public int? NumInferenceSteps { get; init; }

    [Description("How strictly the prompt is followed, 0 to 100.")]
    public double? GuidanceScale { get; init; }

    [Description("The flow shift, above 0.")]
    public double? FlowShift { get; init; }

    [Description("What guidance leads away from.")]
    public string? NegativePrompt { get; init; }

    [Description("0 to 9; higher ones go first. 5 if left out.")]
    public int? Priority { get; init; }

    [Description("How many videos; must be 1.")]
    public int? N { get; init; }

    [Description("Whom the client asks for; not used.")]
    public string? User { get; init; }
}
