using System.Text.Json.Nodes;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Videos larger than the transformer makes them: the film pack, whose upscaler makes four pixels of one, with a cascade.</summary>
[Trait("Tier", "Graph")]
public sealed class CascadeTests
{
    private static readonly VideoRequest Words = new() { Prompt = "a red ball", Frames = 17, Seed = 5 };

    [Theory]
    [InlineData("480p", 1)]
    [InlineData("720p", 2)]
    [InlineData("1080p", 4)]
    public async Task GenerateAsync_NamedResolution_IsThePlainVideoMadeLarger(string resolution, int times)
    {
        using TemporaryFolder folder = new();
        MakePack(folder);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        List<VideoFrame> plain = await FilmPack.ReadAsync(pipeline.GenerateAsync(Words with { Ratio = new AspectRatio(1, 1) }));

        List<VideoFrame> large = await FilmPack.ReadAsync(pipeline.GenerateAsync(Words with { Resolution = resolution, Ratio = new AspectRatio(1, 1) }));

        Assert.Equal(Enumerable.Range(0, 17), large.Select(frame => frame.Index));
        Assert.Equal(plain.Select(frame => frame.Timestamp), large.Select(frame => frame.Timestamp));
        foreach ((VideoFrame small, VideoFrame frame) in plain.Zip(large))
        {
            Assert.Equal(new VideoSize(small.Size.Width * times, small.Size.Height * times), frame.Size);
            Assert.Equal(Larger(small, times), frame.Pixels.ToArray());
        }
    }

    [Fact]
    public async Task GenerateAsync_Cascade_HandsFramesOnBeforeTheClipIsDecoded()
    {
        using TemporaryFolder folder = new();
        MakePack(folder);
        TinyPack.ChangeContract(folder, contract => contract["video"]!["max_frames"] = 65);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        List<(GenerationStage Stage, int Step)> told = [];
        GenerationPlan plan = await pipeline.PlanAsync(Words with { Frames = 65, Upscale = 2 });

        _ = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan, new GenerationEvents { Progress = new Listener(value => told.Add((value.Stage, value.Step))) }));

        Assert.Equal(65, told.Count(step => step.Stage == GenerationStage.Upscale));
        Assert.InRange(told.IndexOf((GenerationStage.Upscale, 1)), 0, told.IndexOf((GenerationStage.Decode, 30)));
    }

    [SkippableFact]
    public async Task SaveAsync_Cascade_TellsTheStageAndRepeatsItself()
    {
        using TemporaryFolder folder = new(), output = new();
        MakePack(folder);
        PipelineOptions options = new() { FFmpeg = FilmPack.FFmpeg };
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path, options);

        VideoFile file = await pipeline.GenerateAsync(Words with { Resolution = "720p" }).SaveAsync(output.PathOf("large.mp4"));

        VideoInfo info = await new VideoReader(FFmpegTool.Find(options.FFmpeg)).ProbeAsync(file.Path);
        GenerationRecord record = await GenerationRecord.ReadAsync(file.Path, options.FFmpeg);
        Assert.Equal((new VideoSize(96, 64), file.Plan.OutputSize), (info.Size, (await pipeline.PlanAsync(record.Request)).OutputSize));
        Assert.Equal([GenerationStage.Text, GenerationStage.Denoise, GenerationStage.Decode, GenerationStage.Upscale, GenerationStage.Encode], file.Stages.Select(stage => stage.Stage));
        Assert.Equal(1, file.Stages[3].Runs);
    }

    [Fact]
    public async Task GenerateAsync_Draft_IsTheSameVideoByTheThinDecoderAndItsRecordIsTheVideoInFull()
    {
        using TemporaryFolder folder = new();
        MakePack(folder);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        VideoRequest request = Words with { Steps = 16, Upscale = 2 };
        GenerationPlan full = await pipeline.PlanAsync(request), draft = await pipeline.PlanAsync(request with { Draft = true });
        List<VideoFrame> whole = await FilmPack.ReadAsync(pipeline.GenerateAsync(full));
        bool thinBefore = pipeline.Graphs.Any(graph => graph.Role == "vae_decoder_thin");

        List<VideoFrame> rough = await FilmPack.ReadAsync(pipeline.GenerateAsync(draft));

        Assert.Equal((1, 0.2, "vae_decoder_thin"), (draft.Upscale, draft.StepCache, draft.Decoder));
        Assert.Equal((2, null, "vae_decoder"), (full.Upscale, full.StepCache, full.Decoder));
        Assert.Equal((false, true), (thinBefore, pipeline.Graphs.Any(graph => graph.Role == "vae_decoder_thin")));
        Assert.All(whole.Zip(rough), pair => Assert.Equal(FilmPack.Colour(pair.First), FilmPack.Colour(pair.Second)));
        VideoRequest again = GenerationRecord.Of(draft, pipeline.Pack).Request;
        Assert.Equal((false, null, 16), (again.Draft, again.StepCache, again.Steps));
    }

    [Fact]
    public async Task PlanMemory_Cascade_CountsTheUpscalerAndItsFrames()
    {
        using TemporaryFolder folder = new();
        MakePack(folder);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);

        Memory.MemoryPlan plain = pipeline.PlanMemory(Words), twice = pipeline.PlanMemory(Words with { Upscale = 2 }), four = pipeline.PlanMemory(Words with { Upscale = 4 });

        Assert.Equal(0, plain.UpscaleBytes);
        Assert.InRange(twice.UpscaleBytes, 3 * 96 * 64 * 17, long.MaxValue);
        Assert.InRange(four.UpscaleBytes, (3 * 192 * 128 * 17) + 1, long.MaxValue);
        Assert.True(twice.WeightBytes > plain.WeightBytes);
    }

    [Fact]
    public async Task PlanAsync_WhatThePackCannotMake_SaysWhatItCan()
    {
        using TemporaryFolder folder = new();
        MakePack(folder);
        await using VideoPipeline with = await VideoPipeline.OpenAsync(folder.Path), without = await VideoPipeline.OpenAsync(FilmPack.Folder);

        Assert.Equal(
            ["Resolution must be one that pack 'tiny-film' can make, but is 2160p. Take 480p, 720p, 1080p, 48x32, 32x32, 32x48."], await Problems(with, Words with { Resolution = "2160p" }));
        Assert.Equal(["Upscale must be 1, 2, or 4 in two passes, with pack 'tiny-film', but is 3."], await Problems(with, Words with { Upscale = 3 }));
        Assert.Equal(
            [
                "Resolution must be left out when Width, Height or Upscale is given, but both are there. Give one or the other.",
                "Resolution must be one that pack 'tiny-film' can make, but is 720p. Pack 'tiny-film' makes 48x32, 32x32, 32x48, and states no cascade to larger ones: take one of these, or a pack with an upscaler.",
                "Upscale must be 1 with pack 'tiny-film', which states no cascade, but is 2. Leave it out, or take a pack with an upscaler.",
            ],
            await Problems(without, Words with { Resolution = "720p", Upscale = 2 }));
    }

    [Fact]
    public async Task GenerateAsync_ScaleThatTheGraphDoesNotHave_SaysWhichItHas()
    {
        using TemporaryFolder folder = new();
        MakePack(folder);
        TinyPack.ChangeContract(folder, contract => contract["cascade"] = JsonNode.Parse("""{ "scale": 4, "resolutions": { "1080p": 4 } }"""));
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);

        ModelPackException error = await Assert.ThrowsAsync<ModelPackException>(() => FilmPack.ReadAsync(pipeline.GenerateAsync(Words with { Resolution = "1080p" })));

        Assert.Contains("cascade.scale in seedance.json must be 2, which is what graph 'upscaler' does, but is 4.", error.Message, StringComparison.Ordinal);
    }

    private static void MakePack(TemporaryFolder folder)
    {
        TinyPack.CopyTo(folder, FilmPack.Folder);
        TinyPack.ChangeContract(folder, contract => contract["cascade"] = JsonNode.Parse("""{ "scale": 2, "resolutions": { "480p": 1, "720p": 2, "1080p": 4 } }"""));
    }

    private static async Task<IReadOnlyList<string>> Problems(VideoPipeline pipeline, VideoRequest request) =>
        (await Assert.ThrowsAsync<InvalidRequestException>(() => pipeline.PlanAsync(request))).Problems;

    private static byte[] Larger(VideoFrame frame, int times)
    {
        int width = frame.Size.Width * times;
        byte[] pixels = new byte[frame.Pixels.Length * times * times];
        for (int i = 0; i < pixels.Length; i++)
        {
            int channel = i % 3, x = i / 3 % width, y = i / 3 / width;
            pixels[i] = frame.Pixels.Span[(3 * ((y / times * frame.Size.Width) + (x / times))) + channel];
        }

        return pixels;
    }

    private sealed class Listener(Action<GenerationProgress> told) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => told(value);
    }
}
