using Seedance.Onnx.Latents;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>What a job makes, with size, length and seed decided when it came, so that every attempt makes the same video; and what its client wants to hear of it. Immutable.</summary>
internal sealed record VideoOrder
{
    /// <summary>The prompt as the client wrote it, flags and all.</summary>
    public required string Prompt { get; init; }

    public string? NegativePrompt { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    public required int Frames { get; init; }

    public required int Fps { get; init; }

    public required ulong Seed { get; init; }

    public int? Steps { get; init; }

    public double? Guidance { get; init; }

    public double? Shift { get; init; }

    public bool FixedCamera { get; init; }

    /// <summary>What the images of the job's folder are; empty for a video from words alone.</summary>
    public IReadOnlyList<OrderImage> Images { get; init; } = [];

    /// <summary>Whether the last frame is kept as a picture.</summary>
    public bool ReturnLastFrame { get; init; }

    /// <summary>Whether the client counts in frames rather than in seconds.</summary>
    public bool InFrames { get; init; }

    /// <summary>The ratio as the client named it; null where it left it open.</summary>
    public string? Ratio { get; init; }

    /// <summary>The job that this one varies.</summary>
    public string? RemixOf { get; init; }

    /// <summary>The address that links begin with.</summary>
    public string BaseUrl { get; init; } = "";

    public VideoSize Size => new(Width, Height);

    public double Seconds => (double)Frames / Fps;

    /// <summary>The request for the pipeline.</summary>
    /// <param name="image">Gives the image of a kind.</param>
    public VideoRequest ToRequest(Func<OrderImage, ImageSource> image) => new()
    {
        Prompt = Prompt,
        NegativePrompt = NegativePrompt,
        Width = Width,
        Height = Height,
        Frames = Frames,
        Seed = Seed,
        Steps = Steps,
        Guidance = Guidance,
        Shift = Shift,
        Camera = FixedCamera ? CameraMove.Fixed : null,
        FirstFrame = Images.FirstOrDefault(given => given.Role == OrderImage.FirstFrame) is { } first ? image(first) : null,
        LastFrame = Images.FirstOrDefault(given => given.Role == OrderImage.LastFrame) is { } last ? image(last) : null,
    };
}
