using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx;

/// <summary>What a pipeline takes and gives back. Runs alone: the memory of other tests would be counted too.</summary>
[Collection(RunsAlone.Name)]
public sealed class VideoPipelineMemoryTests(ITestOutputHelper output)
{
    private static readonly VideoRequest Tiny = new() { Prompt = "a red ball", Steps = 2, Frames = 1 };

    [Fact, Trait("Tier", "Graph")]
    public async Task OpenAndDispose_50Times_ReturnsToTheStartTo5Percent()
    {
        for (int i = 0; i < 10; i++)
        {
            await OpenGenerateDispose();
        }

        long before = ProcessMemory.Resident();

        for (int i = 0; i < 50; i++)
        {
            await OpenGenerateDispose();
        }

        long after = ProcessMemory.Resident();
        Assert.True(after <= before * 1.05, $"Resident memory must stay within 5 % of {before >> 20} MiB, but is {after >> 20} MiB.");
    }

    [Fact, Trait("Tier", "Graph")]
    public async Task GenerateAsync_200Times_LastHundredStaysFlatTo2Percent()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder);
        for (int i = 0; i < 100; i++)
        {
            await Generate(pipeline, Tiny with { Seed = (ulong)i });
        }

        long before = ProcessMemory.Resident();

        for (int i = 100; i < 200; i++)
        {
            await Generate(pipeline, Tiny with { Seed = (ulong)i });
        }

        long after = ProcessMemory.Resident();
        output.WriteLine($"{before >> 10} KiB, then {after >> 10} KiB");
        Assert.True(after <= before * 1.02, $"Resident memory must stay within 2 % of {before >> 10} KiB, but is {after >> 10} KiB.");
    }

    /// <summary>10 and 60 seconds in windows of 2. What allocators keep for each thread differs by up to 50 MiB from run to run, whatever the length; all frames of 60 seconds are 360 MiB.</summary>
    [SkippableFact, Trait("Tier", "Graph")]
    public async Task GenerateAsync_AMinute_HoldsNoMoreThanTenSeconds()
    {
        Skip.IfNot(ProcessMemory.CanMeasurePeak, "The most memory of a while is measured on Linux only.");
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder, FilmPack.Folder);
        TinyPack.ChangeContract(folder, contract => contract["video"]!["window_frames"] = 17);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        VideoRequest request = Tiny with { Steps = 1, Width = 512, Height = 512 };
        async Task<long> PeakOf(int frames)
        {
            _ = ProcessMemory.Resident();
            ProcessMemory.ResetPeak();
            await foreach (VideoFrame frame in pipeline.GenerateAsync(request with { Frames = frames }))
            {
                frames--;
                if (frame.Index % 17 == 0)
                {
                    GC.Collect(); // what nobody holds is not to be counted
                }
            }

            Assert.Equal(0, frames);
            return ProcessMemory.Peak();
        }

        long ten = Math.Max(await PeakOf(81), await PeakOf(81)), sixty = await PeakOf(481), frames = 481L * VideoFrame.ByteCount(new VideoSize(512, 512));

        output.WriteLine($"{ten >> 20} MiB for 10 s, {sixty >> 20} MiB for 60 s");
        Assert.True(sixty - ten < frames / 4, $"A minute must not hold its {frames >> 20} MiB of frames, but takes {sixty >> 20} MiB where ten seconds take {ten >> 20} MiB.");
    }

    [SkippableFact, Trait("Tier", "Model")]
    public async Task GenerateAsync_LimitJustAboveThePlan_Holds()
    {
        Skip.IfNot(ProcessMemory.CanMeasurePeak, "The most memory of a while is measured on Linux only.");
        VideoRequest request;
        MemoryPlan plan;
        await using (VideoPipeline planner = await VideoPipeline.OpenAsync(ReferenceRun.Pack)) // composes the graphs, which is done once and is not planned
        {
            request = new() { Prompt = "a red ball moves to the right", Steps = 1, Frames = planner.Pack.Contract.Video.MaxFrames };
            plan = planner.PlanMemory(request);
        }

        await OpenGenerateDispose(); // what the process loads once

        long before = ProcessMemory.Resident();
        ProcessMemory.ResetPeak();

        long opened;
        await using (VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack, new PipelineOptions { MemoryLimitBytes = plan.PeakBytes }))
        {
            opened = ProcessMemory.Peak() - before;
            await Generate(pipeline, request);
        }

        long peak = ProcessMemory.Peak() - before;
        output.WriteLine($"{plan}, peak {plan.PeakBytes >> 20} MiB; measured {opened >> 20} MiB opened, {peak >> 20} MiB in all");
        Assert.True(peak <= plan.PeakBytes, $"What a generation takes must be at most the planned {plan.PeakBytes >> 20} MiB, but is {peak >> 20} MiB.");
        Assert.True(peak > plan.PeakBytes / 8, $"A plan must not be far above what is taken, {peak >> 20} MiB, but is {plan.PeakBytes >> 20} MiB.");
    }

    [SkippableFact, Trait("Tier", "Graph")]
    public async Task MakeLatents_ClipThatIsEncodedWhole_TakesNoMoreThanPlanned()
    {
        Skip.IfNot(ProcessMemory.CanMeasurePeak, "The most memory of a while is measured on Linux only.");
        using TemporaryFolder folder = new();
        WanImagePack.Write(folder.Path, images: 1, wansEncoder: true);
        VideoRequest request = new() { Prompt = "a red ball", Steps = 1, Guidance = 1, Frames = 33, Width = 416, Height = 240, FirstFrame = ImageSource.FromFile("first.png") };
        await using (await VideoPipeline.OpenAsync(folder.Path))
        {
            // composes the graphs, which is done once and is not planned
        }

        long before = ProcessMemory.Resident();
        ProcessMemory.ResetPeak();
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        GenerationPlan plan = GenerationPlan.Create(request, pipeline.Pack);
        MemoryPlan memory = pipeline.PlanMemory(request);

        _ = pipeline.MakeLatents(plan, [new VideoFrame(plan.Size, new byte[VideoFrame.ByteCount(plan.Size)])], new StageClock(), progress: null, CancellationToken.None);

        long peak = ProcessMemory.Peak() - before;
        output.WriteLine($"{memory}; measured {peak >> 20} MiB");
        Assert.True(memory.ConditionBytes > memory.DenoiseBytes, "Encoding must be the stage that takes most, to tell anything.");
        Assert.True(peak <= memory.PeakBytes, $"Latents must take at most the planned {memory.PeakBytes >> 20} MiB, but took {peak >> 20} MiB.");
        Assert.True(peak > memory.PeakBytes / 8, $"A plan must not be far above what is taken, {peak >> 20} MiB, but is {memory.PeakBytes >> 20} MiB.");
    }

    [Fact, Trait("Tier", "Graph")]
    public async Task GenerateAsync_LimitBelowThePlan_IsRefusedBeforeAnythingRunsAndSaysWhatFits()
    {
        VideoRequest large = Tiny with { Frames = 17, Width = 512, Height = 512 };
        long limit = await LeastFor(large with { Frames = 9 });

        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder, new PipelineOptions { MemoryLimitBytes = limit });

        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => pipeline.GenerateAsync(large));

        string problem = Assert.Single(error.Problems);
        Assert.StartsWith($"The video must fit into {MemoryModel.MiB(limit)} MiB of memory, but 17 frames of 512x512 are planned to take", problem, StringComparison.Ordinal);
        Assert.EndsWith("Ask for 9 frames or for 48x32, or raise the limit.", problem, StringComparison.Ordinal);
        await Generate(pipeline, large with { Frames = 9 });
    }

    [Fact, Trait("Tier", "Graph")]
    public async Task GenerateAsync_LimitBelowADecodeInOnePiece_DecodesInSmallerOnesToTheSameFrames()
    {
        VideoRequest large = Tiny with { Frames = 17, Width = 512, Height = 512 };
        await using VideoPipeline whole = await VideoPipeline.OpenAsync(TinyPack.Folder);
        MemoryPlan plan = whole.PlanMemory(large);
        long limit = plan.WeightBytes + (plan.DecodeBytes / 2);
        await using VideoPipeline limited = await VideoPipeline.OpenAsync(TinyPack.Folder, new PipelineOptions { MemoryLimitBytes = limit });

        MemoryPlan smaller = limited.PlanMemory(large);

        Assert.InRange(smaller.PeakBytes, 1, limit);
        Assert.True(plan.PeakBytes > limit);
        Assert.Equal(await PixelsOf(whole, large), await PixelsOf(limited, large));
    }

    [Fact, Trait("Tier", "Graph")]
    public async Task GenerateAsync_TwoMayRunAtOnce_ThePlanCountsBoth()
    {
        VideoRequest large = Tiny with { Frames = 17, Width = 512, Height = 512 };
        PipelineOptions options = new() { ConcurrentGenerations = 2, MemoryLimitBytes = await LeastFor(large) };

        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder, options);

        Assert.Contains("of memory 2 times", Assert.Throws<InvalidRequestException>(() => pipeline.GenerateAsync(large)).Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Tier", "Graph")]
    public async Task OpenAsync_LimitBelowTheWeights_IsRefusedBeforeTheyAreLoaded()
    {
        ExecutionTargetException error = await Assert.ThrowsAsync<ExecutionTargetException>(
            () => VideoPipeline.OpenAsync(TinyPack.Folder, new PipelineOptions { Host = new Execution.HostSettings { MemoryLimitBytes = 1 << 20 } }));

        Assert.Contains("which its weights take, but the limit is 1 MiB", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The memory that a video is planned to take in the smallest pieces.</summary>
    private static async Task<long> LeastFor(VideoRequest request)
    {
        long weights;
        await using (VideoPipeline free = await VideoPipeline.OpenAsync(TinyPack.Folder))
        {
            weights = free.PlanMemory(request).WeightBytes;
        }

        await using VideoPipeline tight = await VideoPipeline.OpenAsync(TinyPack.Folder, new PipelineOptions { MemoryLimitBytes = weights });
        return tight.PlanMemory(request).PeakBytes;
    }

    private static async Task OpenGenerateDispose()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder);
        await Generate(pipeline, Tiny);
    }

    private static async Task Generate(VideoPipeline pipeline, VideoRequest request) => Assert.NotEmpty(await PixelsOf(pipeline, request));

    private static async Task<byte[]> PixelsOf(VideoPipeline pipeline, VideoRequest request)
    {
        using MemoryStream pixels = new();
        await foreach (VideoFrame frame in pipeline.GenerateAsync(request))
        {
            pixels.Write(frame.Pixels.Span);
        }

        return pixels.ToArray();
    }
}
