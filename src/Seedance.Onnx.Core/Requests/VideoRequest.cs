using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>
/// What someone wants to see: one call's input, whether it is told in words, in shots, or with images. Everything but the words has a default, mostly the pack's. Immutable.
/// </summary>
public sealed record VideoRequest
{
    /// <summary>The <see cref="StepCache"/> of a <see cref="Draft"/>.</summary>
    public const double DraftStepCache = 0.2;

    /// <summary>The most steps that can be asked for.</summary>
    public const int MaxSteps = 1000;

    /// <summary>The largest <see cref="NoiseScale"/>.</summary>
    public const double MostNoiseScale = 2;

    /// <summary>The longest side of a frame that can be asked for, in pixels.</summary>
    public const int MaxSide = 8192;

    /// <summary>
    /// What the video shows, in words; not blank unless there are <see cref="Shots"/>, of all of which it is then said. It may tell several shots ("[Shot 1] … [Shot 2] …",
    /// "镜头1:… 镜头2:…", "…, then cut to …") where the pack takes them, and have flags as <see cref="PromptText"/> reads them.
    /// </summary>
    public string Prompt { get; init; } = "";

    /// <summary>The shots, where the video is told shot by shot; none if not specified.</summary>
    public ImmutableArray<ShotRequest> Shots { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What the camera does in every shot that does not say; nothing is said of it if not specified.</summary>
    public CameraMove? Camera { get; init; }

    /// <summary>What guidance leads away from; the pack's if not specified.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>The image that the video begins with; none if not specified, which a pack whose videos always begin with one refuses. It is turned upright, cropped to the frame's shape around its centre, and scaled.</summary>
    public ImageSource? FirstFrame { get; init; }

    /// <summary>The image that the video ends with; needs <see cref="FirstFrame"/>, and is brought to the same size. None if not specified.</summary>
    public ImageSource? LastFrame { get; init; }

    /// <summary>
    /// A video that this one goes on from: the clip begins with its last frame, as with a <see cref="FirstFrame"/>, and comes out behind it. It is cropped and scaled as images are, and its frames are repeated or
    /// left out for the pack's frame rate. For packs that take a given first frame; none if not specified.
    /// </summary>
    public VideoSource? InputVideo { get; init; }

    /// <summary>Whether only the frames behind <see cref="InputVideo"/> come out, and not those of that video too. False if not specified.</summary>
    public bool OnlyNew { get; init; }

    /// <summary>
    /// A video that this one is made anew after: what stands where, and when, is taken from its first frames, and the words say how it looks. For packs with semantic tokens and a graph that reads them off frames; none
    /// if not specified, and they are then made of the words. Its length and shape count where the request leaves them open.
    /// </summary>
    public VideoSource? SemanticsOf { get; init; }

    /// <summary>Images of what the video is to show, not as any frame of it; for packs that take them. None if not specified.</summary>
    public ImmutableArray<ImageSource> References { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Width in pixels, on the pack's grid; goes with <see cref="Height"/>. The pack's default size if not specified.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels, on the pack's grid; goes with <see cref="Width"/>. The pack's default size if not specified.</summary>
    public int? Height { get; init; }

    /// <summary>
    /// The resolution by its name, such as "720p", instead of the size: what the pack's cascade makes of one of its sizes with its upscaler, or one of its sizes whose short side is about as long. Goes with
    /// <see cref="Ratio"/>. The pack's default size if not specified.
    /// </summary>
    public string? Resolution { get; init; }

    /// <summary>How many times larger than the size of the frame that the transformer makes the video's frames are: 1, the scale of the pack's cascade, or its square. 1 if not specified.</summary>
    public int? Upscale { get; init; }

    /// <summary>
    /// The frame's shape, instead of its size: the pack's size that comes nearest is taken. If neither is specified, that of the first image whose
    /// <see cref="ImageSource.Size"/> is known.
    /// </summary>
    public AspectRatio? Ratio { get; init; }

    /// <summary>The clip's length in frames, one that the pack's VAE can make, and the frame that it goes on from among them where there is an <see cref="InputVideo"/>; the pack's default if neither this nor <see cref="Duration"/> nor that of all shots is specified.</summary>
    public int? Frames { get; init; }

    /// <summary>The clip's length in time, instead of in frames: the nearest length that the pack can make is taken. An <see cref="InputVideo"/> plays before.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The seed of the noise; 0 if neither this nor the prompt says. The same seed, pack and request make the same latents; only the low 32 bits count, as in PyTorch.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Steps of the schedule, 1 to <see cref="MaxSteps"/>; the pack's if not specified.</summary>
    public int? Steps { get; init; }

    /// <summary>The guidance scale, 0 to 100, where 1 means none; the pack's if not specified.</summary>
    public double? Guidance { get; init; }

    /// <summary>
    /// The guidance scale of images, 0 to 100, apart from that of the words: v = v(neither) + this · (v(images) − v(neither)) + <see cref="Guidance"/> · (v(both) − v(images)) (Brooks
    /// et al., "InstructPix2Pix", 2023, equation 3). One more run of the transformer a step. If not specified, all branches see the images.
    /// </summary>
    public double? ImageGuidance { get; init; }

    /// <summary>The noise levels at which guidance counts; the prompt alone does at others (Kynkäänniemi et al., "Applying guidance in a limited interval", 2024). All if not specified.</summary>
    public NoiseInterval? GuidanceInterval { get; init; }

    /// <summary>How far guided velocities are brought back to the deviation of unguided ones, 0 to 1: see <see cref="Sampling.GuidanceRescale"/>. 0, not at all, if not specified.</summary>
    public double? GuidanceRescale { get; init; }

    /// <summary>The flow shift, above 0 and up to 1000; the pack's if not specified.</summary>
    public double? Shift { get; init; }

    /// <summary>
    /// Whether the shift grows with the size of the clip: times the root of its latent positions over those of the pack's default clip (Esser et al., "Scaling rectified flow
    /// transformers", 2024, equation 23). False if not specified.
    /// </summary>
    public bool ShiftBySize { get; init; }

    /// <summary>
    /// What the noise that the video begins with is multiplied by, above 0 and up to <see cref="MostNoiseScale"/>. Below 1 videos come nearer to the mean of what the prompt allows, and so to one another: a
    /// prompt that says everything is followed better, and what it leaves open may blur or be missing. The latents' only: neither that of semantic tokens nor what a solver adds on the way. 1, the noise that the
    /// transformer was trained on, if not specified.
    /// </summary>
    public double? NoiseScale { get; init; }

    /// <summary>The solver; the pack's if not specified.</summary>
    public SolverKind? Solver { get; init; }

    /// <summary>The order of a multistep solver ("unipc", "dpm++"), 1 to 3; the pack's if not specified. The other solvers have theirs by nature.</summary>
    public int? SolverOrder { get; init; }

    /// <summary>Whether the transformer is run that a pack's distilled one was made from, with its own steps and guidance. False if not specified; says nothing for a pack without a distilled one.</summary>
    public bool Undistilled { get; init; }

    /// <summary>
    /// Makes the same video roughly and sooner: with a <see cref="StepCache"/> of <see cref="DraftStepCache"/> where none is specified and the solver allows one, decoded by the pack's thin decoder where it has
    /// one, and not upscaled. The same request without it makes the video in full. False if not specified.
    /// </summary>
    public bool Draft { get; init; }

    /// <summary>
    /// Leaves out runs of the transformer where its output is expected to have turned by at most this share of itself since the run before, above 0 and up to 1: <see cref="VelocityTurn"/>. Not with a
    /// solver that adds fresh noise ("lcm"). None is left out if not specified.
    /// </summary>
    public double? StepCache { get; init; }

    /// <summary>
    /// Takes fewer steps where the first ones show that those will do: behind them every third or second one alone, as far as the velocity is expected to turn by at most this share of itself on the way to where
    /// it is computed next, above 0 and up to 1. How many are done first follows from the number of shots: <see cref="AdaptivePlan.FirstSteps"/>. Not with a solver that adds fresh noise ("lcm"), nor with a
    /// transformer that was distilled, to steps of its own. All steps are done if not specified.
    /// </summary>
    public double? AdaptiveSteps { get; init; }

    /// <summary>Every image of the request, in the order first frame, last frame, shots, references.</summary>
    public IEnumerable<ImageSource> Images =>
        new[] { FirstFrame, LastFrame }.Concat(Shots.Select(shot => shot?.FirstFrame)).Concat(References).OfType<ImageSource>();

    /// <summary>Everything that keeps a pack from carrying the request out.</summary>
    /// <param name="contract">The pack's contract.</param>
    /// <returns>One sentence or two for each problem; empty when the request is fine.</returns>
    public IReadOnlyList<string> FindProblems(PackContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return RequestReading.Of(this, contract).Problems;
    }

    /// <summary>The same request with other images.</summary>
    /// <param name="change">Gives an image for an image.</param>
    /// <returns>The request with what came of its images.</returns>
    public VideoRequest WithImages(Func<ImageSource, ImageSource> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return this with
        {
            FirstFrame = FirstFrame is { } first ? change(first) : null,
            LastFrame = LastFrame is { } last ? change(last) : null,
            Shots = [.. Shots.Select(shot => shot?.FirstFrame is { } image ? shot with { FirstFrame = change(image) } : shot!)],
            References = [.. References.Select(change)],
        };
    }
}
