namespace Seedance.Onnx.Costs;

/// <summary>
/// How long a video is expected to take: the floating-point operations of its stages, over what this machine did in a second when it made a video with the same pack and target. Opening the pack and
/// writing the file, which goes on meanwhile, are not in it.
/// </summary>
/// <param name="Text">Prompts become features.</param>
/// <param name="Denoise">Noise becomes latents; all steps, also those that a step cache or adaptive steps may leave out.</param>
/// <param name="Decode">Latents become frames.</param>
/// <param name="Upscale">Frames become larger; zero where they are not.</param>
public sealed record TimePlan(TimeSpan Text, TimeSpan Denoise, TimeSpan Decode, TimeSpan Upscale)
{
    /// <summary>Semantic tokens are made, or read off a video; zero where the transformer follows none.</summary>
    public TimeSpan Semantic { get; init; }

    /// <summary>All stages together.</summary>
    public TimeSpan Total => Text + Semantic + Denoise + Decode + Upscale;
}
