using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Server.Page;

/// <summary>What the page must know of the pack and the server to offer what they take, and nothing else.</summary>
/// <param name="Model">The pack's name.</param>
/// <param name="Sizes">Frame sizes, the default first.</param>
/// <param name="Fps">Frames a second.</param>
/// <param name="DefaultFrames">The length where nothing is said.</param>
/// <param name="MaxFrames">The longest clip.</param>
/// <param name="LeastFrames">The shortest clip.</param>
/// <param name="FramesStep">By how many frames clips differ in length.</param>
/// <param name="MaxShots">The shots of a video at most.</param>
/// <param name="Steps">Steps where nothing is said.</param>
/// <param name="Guidance">Guidance where nothing is said.</param>
/// <param name="NegativePrompt">The negative prompt where nothing is said.</param>
/// <param name="TakesImages">Whether a first frame, or a first and a last one, can be given.</param>
/// <param name="MaxImageMib">The largest image, in MiB.</param>
internal sealed record PageSettings(
    string Model,
    IReadOnlyList<string> Sizes,
    int Fps,
    int DefaultFrames,
    int MaxFrames,
    int LeastFrames,
    int FramesStep,
    int MaxShots,
    int Steps,
    double Guidance,
    string NegativePrompt,
    bool TakesImages,
    int MaxImageMib)
{
    public static PageSettings Of(PackContract contract, int longest, ServerOptions options) => new(
        contract.Name,
        [.. contract.Video.Sizes.Select(size => size.ToString())],
        contract.Video.Fps,
        contract.Video.DefaultFrames,
        longest,
        contract.Latents.Frames(1),
        contract.Latents.TemporalStride,
        contract.MaxShots,
        contract.Sampling.Steps,
        contract.Sampling.Guidance,
        contract.Sampling.NegativePrompt,
        contract.TransformerChannels.Count(ChannelKind.Condition) > 0 && contract.FindGraph(GraphRoles.VaeEncoder) is not null,
        options.MaxImageMib);
}
