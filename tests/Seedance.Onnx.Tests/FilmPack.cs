using System.Globalization;
using System.Text;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The tiny pack that takes shots and images, and has every graph: see export-scripts/tests/make_tiny_pack.py for what each computes.</summary>
internal static class FilmPack
{
    public static string Folder { get; } = RepositoryFolder.PathOf("tests", "Shared", "tiny-film-pack");

    /// <summary>FFmpeg of this machine; the test is skipped where there is none.</summary>
    public static FFmpegOptions FFmpeg
    {
        get
        {
            FFmpegOptions options = new() { Path = Environment.GetEnvironmentVariable("SEEDANCE_FFMPEG") };
            try
            {
                _ = FFmpegTool.Find(options);
                return options;
            }
            catch (ExecutionTargetException missing)
            {
                throw new SkipException(missing.Message, missing);
            }
        }
    }

    /// <summary>An image of one colour, as a PPM file.</summary>
    public static ImageSource Image(byte red, byte green, byte blue, int width = 96, int height = 64)
    {
        byte[] header = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"P6\n{width} {height}\n255\n"));
        return ImageSource.FromBytes((byte[])[.. header, .. Enumerable.Range(0, width * height).SelectMany(_ => new[] { red, green, blue })], $"{red}-{green}-{blue}.ppm");
    }

    /// <summary>The colour of a frame that has one.</summary>
    public static (byte Red, byte Green, byte Blue) Colour(VideoFrame frame) => (frame.Pixels.Span[0], frame.Pixels.Span[1], frame.Pixels.Span[2]);

    /// <summary>The first value of a channel at a latent frame.</summary>
    public static float At(float[] latents, LatentShape shape, int channel, int frame) => latents[((channel * shape.Frames) + frame) * shape.Height * shape.Width];

    public static async Task<List<VideoFrame>> ReadAsync(GeneratedVideo video)
    {
        List<VideoFrame> frames = [];
        await foreach (VideoFrame frame in video)
        {
            frames.Add(frame);
        }

        return frames;
    }
}
