using System.CommandLine;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Cli;

/// <summary>What is wanted of a video, as arguments. Only what is written counts over what another video says (--like).</summary>
internal sealed class RequestOptions
{
    private readonly CommandHost _host;

    private readonly Argument<string?> _prompt = new("PROMPT")
    {
        Description = "What the video shows, in quotes; English or Chinese for the pack that comes with this program. Several shots: \"[Shot 1] ... [Shot 2] ...\" or \"..., then cut to ...\".",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _image = TextOption.File("--image", "FILE", "The image that the video begins with: any size, any format that FFmpeg reads.");
    private readonly Option<string?> _lastImage = TextOption.File("--last-image", "FILE", "The image that it ends with; goes with --image.");
    private readonly Option<string?> _video = TextOption.File("--video", "FILE", "A video to go on from: its frames come first, and the length that is asked for is what follows.");
    private readonly Option<bool> _onlyNew = new("--only-new") { Description = "With --video: only what follows it, and not its own frames." };
    private readonly Option<string?> _semanticsOf = TextOption.File("--semantics-of", "FILE", "A video to make anew: what stands where, and when, is taken from it, and PROMPT says how it looks. For packs that read semantics.");
    private readonly Option<IReadOnlyList<string>> _references = TextOption.Files("--reference", "FILE", "An image of what it is to show; may be repeated. For packs that take them.");
    private readonly Option<string?> _storyboard = TextOption.File("--storyboard", "FILE", "The shots, as JSON: caption, seconds, camera and first_frame of each. PROMPT is then said of all of them.");
    private readonly Option<string?> _prompts = TextOption.File(
        "--prompts", "FILE", "Make a video of each line, a prompt or a storyboard's JSON; files are numbered. In the place of PROMPT.");
    private readonly Option<CameraMove?> _camera = TextOption.Camera("--camera", "What the camera does. [default: nothing is said of it]");
    private readonly Option<string?> _resolution = TextOption.Resolution(
        "--resolution", "The frame's size in pixels, such as 96x64, or a resolution such as 720p, made larger by the pack's upscaler where it needs that. [default: the pack's]");
    private readonly Option<int?> _upscale = TextOption.Count("--upscale", "N", "Make the frames N times larger with the pack's upscaler. [default: as --resolution needs]", 1, 256);
    private readonly Option<AspectRatio?> _ratio = TextOption.Ratio(
        "--ratio", "The frame's shape instead of its size, such as 16:9 or 1:1: the pack's nearest size is taken. [default: the image's]");
    private readonly Option<TimeSpan?> _duration = TextOption.Seconds(
        "--duration", "How long the video plays: the pack's nearest length is taken. [default: the shots', else the pack's]");
    private readonly Option<int?> _frames = TextOption.Count("--frames", "N", "The length in frames, instead of in seconds.");
    private readonly Option<ulong?> _seed = TextOption.Seed(
        "--seed", "Where the noise starts: the same seed and request make the same video. [default: random, and told]");
    private readonly Option<SolverKind?> _solver = TextOption.Solver("--solver", "How noise becomes a video, step by step; lcm only for packs that were distilled for it. [default: the pack's]");
    private readonly Option<int?> _order = TextOption.Count("--order", "N", "The order of unipc and dpm++, 1 to 3. [default: the pack's]");
    private readonly Option<int?> _steps = TextOption.Count("--steps", "N", "Steps of the solver: fewer are faster, more are cleaner. [default: the pack's]");
    private readonly Option<double?> _guidance = TextOption.Number(
        "--guidance", "G", "How strictly the prompt is followed, 0 to 100; 1 is none, and twice as fast. [default: the pack's]");
    private readonly Option<double?> _imageGuidance = TextOption.Number(
        "--image-guidance", "G", "How strictly images are followed, 0 to 100, apart from the prompt; half as much work again. [default: with the prompt]");
    private readonly Option<NoiseInterval?> _interval = TextOption.Interval("--guidance-interval", "The noise levels at which guidance counts. [default: 0..1]");
    private readonly Option<double?> _rescale = TextOption.Number("--guidance-rescale", "R", "How far contrast that guidance adds is taken back, 0 to 1. [default: 0]");
    private readonly Option<bool> _undistilled = new("--undistilled") { Description = "Run the transformer that the pack's distilled one was made from: slower, with its own steps and guidance." };
    private readonly Option<bool> _draft = new("--draft")
    {
        Description = "Make the video roughly and sooner, with a step cache of 0.2, the pack's thin decoder, and no upscaling; --like makes it in full.",
    };
    private readonly Option<double?> _stepCache = TextOption.Number(
        "--step-cache", "S", "Leave out runs of the transformer where its output is expected to have turned by at most this share of itself, such as 0.1. [default: none is left out]");
    private readonly Option<double?> _adaptiveSteps = TextOption.Number(
        "--adaptive-steps", "S", "Take fewer steps where the first ones show that the transformer's output turns by at most this share of itself to the next one, such as 0.6. Not for distilled transformers. [default: all steps]");
    private readonly Option<double?> _shift = TextOption.Number(
        "--shift", "S", "The flow shift: above 1, more of the steps go to coarse structure. [default: the pack's]");
    private readonly Option<double?> _noiseScale = TextOption.Number(
        "--noise-scale", "S", "What the first noise is multiplied by, above 0 and up to 2: below 1, what the prompt says is followed better, and what it leaves open may be missing. [default: 1]");
    private readonly Option<bool> _shiftBySize = new("--shift-by-size") { Description = "Let the shift grow with the root of the video's size and length." };
    private readonly Option<string?> _negative = TextOption.Text("--negative", "TEXT", "What guidance leads away from. [default: the pack's]");

    public RequestOptions(CommandHost host)
    {
        _host = host;
    }

    /// <summary>The argument and the options, to be added to a command.</summary>
    public Argument Prompt => _prompt;

    /// <inheritdoc cref="Prompt"/>
    public IEnumerable<Option> Options =>
    [
        _image, _lastImage, _video, _onlyNew, _semanticsOf, _references, _storyboard, _prompts, _camera, _resolution, _upscale, _ratio, _duration, _frames, _seed,
        _steps, _solver, _order, _guidance, _imageGuidance, _interval, _rescale, _undistilled, _draft, _stepCache, _adaptiveSteps, _shift, _shiftBySize, _noiseScale, _negative,
    ];

    /// <summary>The requests that the command line makes: one, or one of each line of a file.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="like">What they start from; null for an empty request.</param>
    /// <exception cref="InvalidRequestException">Nothing says what the video shows, or the storyboard or the file of prompts cannot be read.</exception>
    public IReadOnlyList<VideoRequest> Read(ParseResult parsed, VideoRequest? like)
    {
        (string? prompt, string? storyboard, string? prompts) = (parsed.GetValue(_prompt), parsed.GetValue(_storyboard), parsed.GetValue(_prompts));
        VideoRequest start = like ?? new VideoRequest();
        IReadOnlyList<VideoRequest> told = (prompt, storyboard, prompts) switch
        {
            (null, null, { } file) => PromptFile.Read(_host.FullPath(file), start),
            (_, _, not null) => throw new InvalidRequestException(["--prompts must stand alone, but PROMPT or --storyboard is there too. Leave one of them out."]),
            (_, { } file, _) => [Tell(start, Storyboard.Read(_host.FullPath(file)), prompt)],
            ({ } words, _, _) => [start with { Prompt = words, Shots = [] }],
            _ => like is not null ? [like] : throw new InvalidRequestException(["PROMPT must be given, but is missing. See: seedance generate --help"]),
        };
        return [.. told.Select(request => ReadRest(parsed, request))];
    }

    /// <summary>A storyboard as a request; the prompt is said of all of its shots.</summary>
    public static VideoRequest Tell(VideoRequest start, Storyboard board, string? prompt) =>
        start with { Shots = board.Shots, Prompt = string.Join(", ", new[] { board.Style, prompt ?? "" }.Where(part => part.Length > 0)) };

    private VideoRequest ReadRest(ParseResult parsed, VideoRequest request) => ReadSampling(parsed, ReadShape(parsed, request)) with
    {
        FirstFrame = Image(parsed, _image),
        LastFrame = Image(parsed, _lastImage),
        InputVideo = parsed.GetValue(_video) is { } video ? VideoSource.FromFile(_host.FullPath(video)) : null,
        OnlyNew = parsed.GetValue(_onlyNew) || request.OnlyNew,
        SemanticsOf = parsed.GetValue(_semanticsOf) is { } source ? VideoSource.FromFile(_host.FullPath(source)) : null,
        References = [.. (parsed.GetValue(_references) ?? []).Select(file => ImageSource.FromFile(_host.FullPath(file)))],
        Camera = parsed.GetValue(_camera) ?? request.Camera,
        NegativePrompt = parsed.GetValue(_negative) ?? request.NegativePrompt,
        Seed = parsed.GetValue(_seed) ?? request.Seed,
    };

    /// <summary>Size and length: what is written takes the place of all that another video says of it.</summary>
    private VideoRequest ReadShape(ParseResult parsed, VideoRequest request)
    {
        (string? resolution, int? upscale, AspectRatio? ratio) = (parsed.GetValue(_resolution), parsed.GetValue(_upscale), parsed.GetValue(_ratio));
        VideoSize? size = VideoSize.TryParse(resolution, out VideoSize pixels) ? pixels : null;
        (int? frames, TimeSpan? duration) = (parsed.GetValue(_frames), parsed.GetValue(_duration));
        request = resolution is null && ratio is null ? request : request with
        {
            Width = size?.Width,
            Height = size?.Height,
            Resolution = size is null ? resolution : null,
            Upscale = null,
            Ratio = ratio,
        };
        request = request with { Upscale = upscale ?? request.Upscale };
        return frames is null && duration is null ? request : request with { Frames = frames, Duration = duration };
    }

    private VideoRequest ReadSampling(ParseResult parsed, VideoRequest request) => request with
    {
        Solver = parsed.GetValue(_solver) ?? request.Solver,
        SolverOrder = parsed.GetValue(_order) ?? request.SolverOrder,
        Steps = parsed.GetValue(_steps) ?? request.Steps,
        Guidance = parsed.GetValue(_guidance) ?? request.Guidance,
        ImageGuidance = parsed.GetValue(_imageGuidance) ?? request.ImageGuidance,
        GuidanceInterval = parsed.GetValue(_interval) ?? request.GuidanceInterval,
        GuidanceRescale = parsed.GetValue(_rescale) ?? request.GuidanceRescale,
        Undistilled = parsed.GetValue(_undistilled) || request.Undistilled,
        Draft = parsed.GetValue(_draft),
        StepCache = parsed.GetValue(_stepCache) ?? request.StepCache,
        AdaptiveSteps = parsed.GetValue(_adaptiveSteps) ?? request.AdaptiveSteps,
        Shift = parsed.GetValue(_shift) ?? request.Shift,
        NoiseScale = parsed.GetValue(_noiseScale) ?? request.NoiseScale,
        ShiftBySize = parsed.GetValue(_shiftBySize),
    };

    private ImageSource? Image(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } file ? ImageSource.FromFile(_host.FullPath(file)) : null;
}
