using System.Collections.Immutable;
using System.CommandLine;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Forecasts;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Cli;

/// <summary>seedance plan: what a video of a pack, or of a model that is known by its dimensions only, would take on some device.</summary>
internal sealed class PlanCommand
{
    private readonly Argument<string> _model = new("PACK|SHAPE") { Description = $"A pack's folder, a JSON file with a model's dimensions, or one of {string.Join(", ", ModelShape.Names)}." };
    private readonly Option<string?> _device = TextOption.File(
        "--device", "NAME", $"The device: {string.Join(", ", DeviceSheet.All.Select(sheet => sheet.Name))}; {ProcessorProbe.Name} for this processor, which is measured for a second; or a JSON file with a device's numbers.");
    private readonly Option<string?> _resolution = TextOption.Text("--resolution", "WxH|NAME", "The frame's size, or one of the shape's by name, such as 720p. [default: the model's first]");
    private readonly Option<TimeSpan?> _duration = TextOption.Seconds("--duration", "How long the video plays: the model's nearest length is taken. [default: the model's]");
    private readonly Option<int?> _frames = TextOption.Count("--frames", "N", "The length in frames, instead of in seconds.");
    private readonly Option<int?> _steps = TextOption.Count("--steps", "N", "Steps of the solver. [default: the model's]", 1, 1000);
    private readonly Option<int?> _branches = TextOption.Count("--branches", "N", "Runs of the transformer in a step: 1 without guidance, 2 with. [default: the model's]", 1, 3);
    private readonly Option<int?> _tokens = TextOption.Count("--tokens", "N", "Tokens of the prompt, for a pack. [default: the most that it reads]", 1, 1 << 20);
    private readonly Option<NumberFormat?> _precision = TextOption.NumberFormat("--precision", "What weights and products are in. [default: the device's fastest of 32 and 16 bits that fits]");
    private readonly Option<string?> _attention = TextOption.Text("--attention", "NAME", "How attention is computed: flash2, as ONNX Runtime does, flash3 or sage2. [default: the device's first]");
    private readonly Option<double?> _price = TextOption.Number("--price", "N", "What an hour of the device costs, in any currency.");
    private readonly Option<bool> _json = TextOption.Json("Print one JSON object, and nothing else.");
    private readonly CommandHost _host;

    private PlanCommand(CommandHost host)
    {
        _host = host;
    }

    public static Command Create(CommandHost host)
    {
        PlanCommand plan = new(host);
        DocumentedCommand command = new(
            "plan",
            "Foretells what a video would take on some device: time and bound of each stage, what fits into memory, which precision and tiles to take. A prediction from counted operations and published "
            + "times; nothing is run, but a probe for --device cpu.",
            "seedance plan wan-2.1-14b --device l20 --resolution 720p",
            "seedance plan hunyuan-video-13b --device h100 --price 2.5 --json",
            "seedance plan onnx/seedance-mini --device cpu --tokens 12",
            "seedance plan my-model.json --device my-card.json --frames 81 --steps 4 --branches 1")
        {
            plan._model, plan._device, plan._resolution, plan._duration, plan._frames, plan._steps, plan._branches, plan._tokens, plan._precision, plan._attention, plan._price, plan._json,
        };
        command.SetAction(plan.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string model = parsed.GetValue(_model)!, path = _host.FullPath(model);
        Require(parsed, model, path);
        DeviceSheet? device = FindDevice(parsed.GetValue(_device)!);
        // What is wrong with the model is told before the probe takes its second.
        Video video = Directory.Exists(path)
            ? await OfPackAsync(parsed, path, device is null ? ExecutionProvider.Cpu : ExecutionProvider.Cuda, cancellationToken).ConfigureAwait(false)
            : OfShape(parsed, ModelShape.Find(ModelShape.Names.Contains(model) ? model : path));
        Forecast forecast = Forecaster.Run(new ForecastRequest
        {
            Model = video.Model,
            Stages = video.Stages,
            Size = video.Size,
            Frames = video.Frames,
            Fps = video.Fps,
            Device = device ?? ProcessorProbe.Measure(cancellationToken: cancellationToken),
            Format = parsed.GetValue(_precision),
            Attention = parsed.GetValue(_attention),
            PricePerHour = parsed.GetValue(_price),
        });
        ForecastReport report = new(forecast, video.Source);
        _host.Output.WriteLine(parsed.GetValue(_json) ? report.ToJson() : report.ToText());
        return ExitCode.Done;
    }

    private void Require(ParseResult parsed, string model, string path)
    {
        List<string> problems = [];
        if (!Directory.Exists(path) && !ModelShape.Names.Contains(model) && !path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            problems.Add($"PACK|SHAPE must be a pack's folder, a JSON file or one of {string.Join(", ", ModelShape.Names)}, but is '{model}'. Name one of them.");
        }

        if (parsed.GetValue(_device) is null)
        {
            problems.Add($"--device must be given, but is missing. Take one of {string.Join(", ", DeviceSheet.All.Select(sheet => sheet.Name))}, or {ProcessorProbe.Name}.");
        }

        if (parsed.GetValue(_price) is <= 0)
        {
            problems.Add($"--price must be above 0, but is {parsed.GetValue(_price)}.");
        }

        if (!Directory.Exists(path) && parsed.GetValue(_tokens) is not null)
        {
            problems.Add("--tokens must come with a pack, because a shape has its own, but the input is none. Leave it out.");
        }

        if (Directory.Exists(path) && parsed.GetValue(_branches) is not null)
        {
            problems.Add("--branches must come with a shape, because a pack's own guidance decides, but the input is a pack. Leave it out.");
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }

    /// <summary>The device's sheet; null for this processor, which is to be measured.</summary>
    private DeviceSheet? FindDevice(string name) => string.Equals(name, ProcessorProbe.Name, StringComparison.OrdinalIgnoreCase)
        ? null
        : DeviceSheet.Find(name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? _host.FullPath(name) : name);

    private async Task<Video> OfPackAsync(ParseResult parsed, string folder, ExecutionProvider provider, CancellationToken cancellationToken)
    {
        VideoSize? size = null;
        if (parsed.GetValue(_resolution) is { } text)
        {
            size = VideoSize.TryParse(text, out VideoSize read) ? read : throw new InvalidRequestException([$"--resolution must be a size in pixels such as 96x64 for a pack, but is '{text}'."]);
        }

        GenerationPlanner planner = GenerationPlanner.Open(folder);
        VideoRequest request = new()
        {
            Prompt = "a video",
            Width = size?.Width,
            Height = size?.Height,
            Duration = parsed.GetValue(_duration),
            Frames = parsed.GetValue(_frames),
            Steps = parsed.GetValue(_steps),
            Seed = 0,
        };
        GenerationPlan plan = await planner.PlanAsync(request, cancellationToken).ConfigureAwait(false);
        PackContract contract = planner.Pack.Contract;
        return new Video(contract.Name, $"counted in the graphs of {contract.Name} {contract.Version}", PackWork.Of(planner.Pack, plan, provider, parsed.GetValue(_tokens)), plan.Size, plan.Frames, plan.Fps);
    }

    private Video OfShape(ParseResult parsed, ModelShape shape)
    {
        VideoSize size = ReadSize(parsed.GetValue(_resolution), shape);
        (int? asked, TimeSpan? duration) = (parsed.GetValue(_frames), parsed.GetValue(_duration));
        if (asked is not null && duration is not null)
        {
            throw new InvalidRequestException(["--frames and --duration must not be given together, but are. Leave one out."]);
        }

        const int MostFrames = 1 << 20;
        int frames = asked ?? (duration is { } time ? shape.Latents.NearestFrames(time.TotalSeconds * shape.Fps, MostFrames) : shape.Frames);
        return shape.Latents.IsValidFrames(frames) && frames <= MostFrames
            ? new Video(shape.Name, shape.Source, shape.WorkOf(size, frames, parsed.GetValue(_steps), parsed.GetValue(_branches)), size, frames, shape.Fps)
            : throw new InvalidRequestException([$"--frames must be {shape.Latents.FramesRule} and at most {MostFrames} for {shape.Name}, but is {frames}."]);
    }

    private static VideoSize ReadSize(string? text, ModelShape shape)
    {
        if (text is null)
        {
            return shape.Sizes[0].Value;
        }

        KeyValuePair<string, VideoSize>? named = shape.Sizes.Where(size => size.Key == text).Select(size => (KeyValuePair<string, VideoSize>?)size).FirstOrDefault();
        int grid = shape.Latents.SpatialStride;
        return named?.Value ?? (VideoSize.TryParse(text, out VideoSize size) && size.Width % grid == 0 && size.Height % grid == 0
            ? size
            : throw new InvalidRequestException([$"--resolution must be one of {string.Join(", ", shape.Sizes.Select(known => known.Key))}, or a size in multiples of {grid} pixels, for {shape.Name}, but is '{text}'."]));
    }

    /// <summary>A video that is foretold.</summary>
    private sealed record Video(string Model, string Source, ImmutableArray<StageWork> Stages, VideoSize Size, int Frames, int Fps);
}
