using System.Diagnostics;
using System.Diagnostics.Metrics;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>What comes out while a video is made and after it: frames, previews, latents, records, spans.</summary>
[Trait("Tier", "Graph")]
public sealed class GeneratedVideoTests
{
    private static readonly VideoRequest Request = new() { Prompt = "red ball", Frames = 17, Steps = 16, Seed = 3 };

    [Fact]
    public async Task GetAsyncEnumerator_DecodingInChunks_GivesFramesWhileLaterOnesAreMade()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        using ManualResetEventSlim read = new();
        bool readInTime = false;
        // The second chunk begins at frame 13: it is held up until the reader has the first frame.
        WhenDecoded hold = new(14, () => readInTime = read.Wait(TimeSpan.FromMinutes(1)));

        await foreach (VideoFrame frame in pipeline.GenerateAsync(Request, hold))
        {
            read.Set();
        }

        Assert.True(readInTime);
    }

    [Fact]
    public async Task GetAsyncEnumerator_ReaderThatLeaves_StopsTheRunAndGivesTheTurnBack()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        await foreach (VideoFrame _ in pipeline.GenerateAsync(Request))
        {
            break;
        }

        List<VideoFrame> again = await FilmPack.ReadAsync(pipeline.GenerateAsync(Request)).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(17, again.Count);
    }

    [Fact]
    public async Task Preview_KnownVelocity_ShowsTheFirstFrameAsItWillBe()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        Looks looks = new();
        GenerationPlan plan = await pipeline.PlanAsync(Request with { Guidance = 1 });

        List<VideoFrame> frames = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan, new GenerationEvents { Preview = looks, Progress = looks }));

        Assert.Equal([2, 4, 6, 8, 10, 12, 14], looks.Steps);
        Assert.All(looks.Frames, frame => Assert.Equal((plan.Size, FilmPack.Colour(frames[0])), (frame.Size, FilmPack.Colour(frame))));
        Assert.Contains("vae_decoder_thin", pipeline.Graphs.Select(graph => graph.Role));
    }

    [Fact]
    public async Task LatentClip_SavedAndLoaded_DecodesToTheSameFrames()
    {
        using TemporaryFolder folder = new();
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        string path = folder.PathOf("红.safetensors");
        GenerationPlan plan = await pipeline.PlanAsync(Request with { Prompt = "[Shot 1] red ball. [Shot 2] a star" });

        List<VideoFrame> frames = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan, new GenerationEvents { Latents = clip => clip.Save(path) }));
        List<VideoFrame> decoded = await FilmPack.ReadAsync(pipeline.DecodeAsync(LatentClip.Load(path, pipeline.Pack)));

        Assert.Equal(frames.SelectMany(frame => frame.Pixels.ToArray()), decoded.SelectMany(frame => frame.Pixels.ToArray()));
        Assert.Equal(["红.safetensors"], Directory.EnumerateFileSystemEntries(folder.Path).Select(entry => Path.GetFileName(entry)));
    }

    [Fact]
    public async Task LatentClip_FileThatIsNone_IsRefusedWithWhatIsWrong()
    {
        using TemporaryFolder folder = new();
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        string path = folder.PathOf("a.safetensors"), cut = folder.PathOf("cut"), junk = folder.PathOf("junk");
        _ = await FilmPack.ReadAsync(pipeline.GenerateAsync(pipeline.GenerateAsync(Request).Plan, new GenerationEvents { Latents = clip => clip.Save(path) }));
        await File.WriteAllBytesAsync(cut, (await File.ReadAllBytesAsync(path))[..^4]);
        await File.WriteAllTextAsync(junk, "nothing of the kind");

        InvalidRequestException damaged = Assert.Throws<InvalidRequestException>(() => LatentClip.Load(cut, pipeline.Pack));
        InvalidRequestException foreign = Assert.Throws<InvalidRequestException>(() => LatentClip.Load(path, Packs.ModelPack.Open(TinyPack.Folder)));
        MediaException none = Assert.Throws<MediaException>(() => LatentClip.Load(junk, pipeline.Pack));
        MediaException missing = Assert.Throws<MediaException>(() => LatentClip.Load(folder.PathOf("gone"), pipeline.Pack));

        Assert.Contains("The file is damaged", damaged.Message, StringComparison.Ordinal);
        Assert.Contains("must be decoded by the pack that made them, 'tiny-film 1.0.0'", foreign.Message, StringComparison.Ordinal);
        Assert.Contains("must be a safetensors file that this program has written", none.Message, StringComparison.Ordinal);
        Assert.Contains("must be a file that can be read", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerationRecord_OfAPlan_ReadsBackToTheSamePlan()
    {
        GenerationPlanner planner = GenerationPlanner.Open(FilmPack.Folder);
        VideoRequest request = new()
        {
            Prompt = "flat", Shots = [new ShotRequest { Caption = "红色的球", Duration = TimeSpan.FromSeconds(0.7), Camera = Prompts.CameraMove.ZoomOut }, new ShotRequest { Caption = "a \"star\"" }],
            Frames = 17, Seed = ulong.MaxValue, Guidance = 2.1, GuidanceInterval = new(0.1, 0.95), GuidanceRescale = 0.3, ShiftBySize = true, NoiseScale = 0.7, Solver = Sampling.SolverKind.UniPC, SolverOrder = 3,
        };
        GenerationPlan plan = await planner.PlanAsync(request);

        Assert.True(GenerationRecord.TryParse(GenerationRecord.Of(plan, planner.Pack).ToJson(), out GenerationRecord? record));
        GenerationPlan again = await planner.PlanAsync(record!.Request);

        Assert.Equal((plan.Size, plan.Frames, plan.Seed, plan.Shift, plan.Guidance, plan.NoiseScale), (again.Size, again.Frames, again.Seed, again.Shift, again.Guidance, again.NoiseScale));
        Assert.Equal(plan.Shots.AsEnumerable(), again.Shots);
        Assert.All(plan.Solver.Steps.Zip(again.Solver.Steps), pair => Assert.Equal(pair.First.Weights.ToArray(), pair.Second.Weights.ToArray()));
        Assert.Equal(planner.Pack.Sum, record.PackSum);
        Assert.False(GenerationRecord.TryParse("{}", out _));
        Assert.False(GenerationRecord.TryParse("shot on film", out _));
    }

    [Fact]
    public async Task GenerationRecord_AdaptiveSteps_TakesTheSameWayAgain()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        GenerationPlan plan = await pipeline.PlanAsync(Request with { AdaptiveSteps = 0.5 });
        Looks first = new(), second = new();

        List<VideoFrame> frames = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan, new GenerationEvents { Preview = first, Progress = first }));
        Assert.True(GenerationRecord.TryParse(GenerationRecord.Of(plan, pipeline.Pack).ToJson(), out GenerationRecord? record));
        List<VideoFrame> again = await FilmPack.ReadAsync(pipeline.GenerateAsync(await pipeline.PlanAsync(record!.Request), new GenerationEvents { Preview = second, Progress = second }));

        Assert.Equal((16, 0.5), (record.Request.Steps, record.Request.AdaptiveSteps));
        Assert.Equal(first.Steps, second.Steps);
        Assert.InRange(first.Steps[^1], 4, 8);
        Assert.All(frames.Zip(again), pair => Assert.Equal(pair.First.Pixels.ToArray(), pair.Second.Pixels.ToArray()));
    }

    [SkippableFact]
    public async Task SaveAsync_LastFrameAndRate_AreWrittenAndTold()
    {
        using TemporaryFolder folder = new();
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });
        SaveRequest saving = new() { Path = folder.PathOf("a.mp4"), FrameRate = new FrameRate(16), LastFramePath = folder.PathOf("last.png") };

        VideoFile file = await pipeline.GenerateAsync(Request).SaveAsync(saving);

        Assert.Equal("The pack makes 8 frames a second; at 16 they are repeated to keep the time.", Assert.Single(file.Notices));
        Assert.Equal(["text 2", "denoise 16", "decode 1", "encode 17"], file.Stages.Select(stage => $"{stage.Stage} {stage.Runs}".ToLowerInvariant()));
        VideoInfo info = await new VideoReader(FFmpegTool.Find(FilmPack.FFmpeg)).ProbeAsync(file.Path);
        Assert.Equal((new FrameRate(16), 34), (info.FrameRate, info.FrameCount));
        List<VideoFrame> frames = await FilmPack.ReadAsync(pipeline.GenerateAsync(Request));
        VideoFrame last = await new ImageReader(FFmpegTool.Find(FilmPack.FFmpeg)).ReadAsync(saving.LastFramePath);
        Assert.Equal(frames[^1].Pixels.ToArray(), last.Pixels.ToArray());
        Assert.Equal("red ball", (await GenerationRecord.ReadAsync(file.Path, FilmPack.FFmpeg)).Request.Prompt);
    }

    [Fact]
    public async Task Telemetry_OneVideo_HasASpanOverItsStagesAndCountsItsFrames()
    {
        List<Activity> spans = [];
        Dictionary<string, double> counts = [];
        using ActivityListener traces = new()
        {
            ShouldListenTo = source => source.Name == PipelineTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => { lock (spans) { spans.Add(span); } },
        };
        ActivitySource.AddActivityListener(traces);
        using MeterListener meters = new() { InstrumentPublished = (instrument, listener) => { if (instrument.Meter.Name == PipelineTelemetry.Name) { listener.EnableMeasurementEvents(instrument); } } };
        void Count(string name, double value) { lock (counts) { counts[name] = counts.GetValueOrDefault(name) + value; } }
        meters.SetMeasurementEventCallback<long>((instrument, value, _, _) => Count(instrument.Name, value));
        meters.SetMeasurementEventCallback<double>((instrument, _, _, _) => Count(instrument.Name, 1));
        meters.Start();
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);

        using (Activity own = new Activity("test").Start())
        {
            _ = await FilmPack.ReadAsync(pipeline.GenerateAsync(Request));

            // Other tests of this process make videos too: this one's are below its own span.
            Activity[] mine = [.. spans.Where(span => span.TraceId == own.TraceId)];
            Activity video = mine.Single(span => span.OperationName == "seedance.generate");
            Assert.Equal(("tiny-film", 17, "done"), (video.GetTagItem("seedance.pack"), video.GetTagItem("seedance.frames"), video.GetTagItem("seedance.outcome")));
            Assert.Equal(["seedance.decode", "seedance.denoise", "seedance.text"], mine.Where(span => span.ParentSpanId == video.SpanId).Select(span => span.OperationName).Order(StringComparer.Ordinal));
        }

        Assert.True(counts["seedance.frames"] >= 17 && counts["seedance.videos"] >= 1 && counts["seedance.stage.duration"] >= 3);
    }

    private sealed class WhenDecoded(int frame, Action act) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value)
        {
            if (value.Stage == GenerationStage.Decode && value.Step == frame)
            {
                act();
            }
        }
    }

    private sealed class Looks : IProgress<VideoFrame>, IProgress<GenerationProgress>
    {
        private int _step;

        public List<VideoFrame> Frames { get; } = [];

        public List<int> Steps { get; } = [];

        public void Report(VideoFrame value)
        {
            Frames.Add(value);
            Steps.Add(_step + 1); // the look comes before the step is told
        }

        public void Report(GenerationProgress value) => _step = value.Stage == GenerationStage.Denoise ? value.Step : _step;
    }
}
