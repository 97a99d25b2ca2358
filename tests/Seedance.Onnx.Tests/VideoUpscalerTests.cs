using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Larger videos, with a graph that makes four pixels of one.</summary>
[Trait("Tier", "Graph")]
public sealed class VideoUpscalerTests
{
    [Theory]
    [InlineData(1000)]
    [InlineData(17)]
    public void Run_AnyTile_IsEveryPixelFourTimes(int tile)
    {
        VideoSize size = new(50, 37);
        VideoFrame[] window = [.. Enumerable.Range(0, 3).Select(index => new VideoFrame(size, Noise(index, VideoFrame.ByteCount(size))))];
        using GraphSession session = GraphSession.Open(FilmPack.Folder, ModelPack.Open(FilmPack.Folder).Contract.FindGraph(GraphRoles.Upscaler)!, ExecutionTarget.Cpu);
        UpscaleStage stage = new(session, tile);

        byte[][] frames = stage.Run(window, first: 1, count: 2, stage.FindScale(CancellationToken.None), CancellationToken.None);

        Assert.Equal(2, frames.Length);
        for (int i = 0; i < frames[1].Length; i++)
        {
            int channel = i % 3, x = i / 3 % 100, y = i / 300;
            Assert.Equal(window[2].Pixels.Span[(3 * ((y / 2 * 50) + (x / 2))) + channel], frames[1][i]);
        }
    }

    [SkippableTheory]
    [InlineData(null, 2)]
    [InlineData(4, 4)]
    public async Task UpscaleAsync_LongerThanAChunk_KeepsEveryFrame(int? scale, int times)
    {
        using TemporaryFolder folder = new();
        PipelineOptions options = new() { FFmpeg = FilmPack.FFmpeg };
        string small = folder.PathOf("小.mp4"), large = folder.PathOf("large/");
        await WriteAsync(small, frames: 41);
        using VideoUpscaler upscaler = await VideoUpscaler.OpenAsync(FilmPack.Folder, options);

        UpscaledVideo video = await upscaler.UpscaleAsync(small, new SaveRequest { Path = large }, scale);

        Assert.Equal((new VideoSize(32 * times, 32 * times), 41), (video.Size, video.Frames));
        Assert.Equal(41, Directory.EnumerateFiles(large).Count());
        ImageReader images = new(FFmpegTool.Find(options.FFmpeg));
        List<VideoFrame> before = await ToListAsync(new VideoReader(FFmpegTool.Find(options.FFmpeg)).ReadAsync(small));
        foreach (int index in new[] { 0, 15, 16, 24, 40 })
        {
            VideoFrame after = await images.ReadAsync(Path.Combine(large, $"frame-{index:00000}.png"));
            Assert.Equal(FilmPack.Colour(before[index]), FilmPack.Colour(after));
        }
    }

    [SkippableFact]
    public async Task UpscaleAsync_ScaleThatTheGraphDoesNot_SaysWhichItDoes()
    {
        using TemporaryFolder folder = new();
        using VideoUpscaler upscaler = await VideoUpscaler.OpenAsync(FilmPack.Folder, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => upscaler.UpscaleAsync("a.mp4", new SaveRequest { Path = folder.PathOf("b.mp4") }, scale: 3));

        Assert.Equal("The scale must be 2, or 4 in two passes, with pack 'tiny-film', but is 3. Choose one of them.", Assert.Single(error.Problems));
    }

    [Fact]
    public async Task OpenAsync_PackWithoutTheGraph_SaysSo()
    {
        ModelPackException error = await Assert.ThrowsAsync<ModelPackException>(() => VideoUpscaler.OpenAsync(TinyPack.Folder));

        Assert.Contains("graph 'upscaler' must be there, but is missing from seedance.json: this pack makes no video larger.", Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    private static async Task WriteAsync(string path, int frames)
    {
        VideoSize size = new(32, 32);
        await using VideoWriter writer = VideoWriter.Open(FFmpegTool.Find(FilmPack.FFmpeg), path, size, new FrameRate(8));
        for (int i = 0; i < frames; i++)
        {
            byte[] pixels = new byte[VideoFrame.ByteCount(size)];
            Array.Fill(pixels, (byte)(6 * i));
            await writer.WriteAsync(pixels);
        }

        await writer.CompleteAsync();
    }

    private static async Task<List<VideoFrame>> ToListAsync(IAsyncEnumerable<VideoFrame> frames)
    {
        List<VideoFrame> list = [];
        await foreach (VideoFrame frame in frames)
        {
            list.Add(frame);
        }

        return list;
    }

    private static byte[] Noise(int seed, int length)
    {
        float[] uniform = new float[length];
        new Sampling.TorchRandom((ulong)seed).FillUniform(uniform);
        return [.. uniform.Select(value => (byte)(255 * value))];
    }
}
