using System.Text.Json;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The tiny pack of SemanticGen's two stages, and what export-scripts/tests/make_semantic_pack.py recorded of the same weights in PyTorch.</summary>
internal static class SemanticRun
{
    public static string Pack { get; } = RepositoryFolder.PathOf("tests", "Shared", "semantic-pack");

    /// <summary>A recorded tensor, float32.</summary>
    public static float[] Numbers(string name) => NpyFile.Read<float>(PathOf($"{name}.npy"));

    /// <summary>A recorded run: "words", "film" with a given first and last frame, or "long" in two windows.</summary>
    public static VideoRequest Request(string run)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(PathOf("request.json")));
        JsonElement root = json.RootElement, own = root.GetProperty("runs").GetProperty(run);
        string[] shots = [.. own.GetProperty("shots").EnumerateArray().Select(shot => shot.GetString()!)];
        return ReferenceRun.Read(root, own) with
        {
            Prompt = shots.Length == 1 ? shots[0] : "",
            Shots = shots.Length == 1 ? [] : [.. shots.Select(shot => new ShotRequest { Caption = shot })],
            FirstFrame = run == "film" ? ReferenceRun.Film.FirstFrame : null,
            LastFrame = run == "film" ? ReferenceRun.Film.LastFrame : null,
        };
    }

    /// <summary>The latent frame that begins the second shot of a run.</summary>
    public static int Cut(string run)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(PathOf("request.json")));
        return json.RootElement.GetProperty("runs").GetProperty(run).GetProperty("cut").GetInt32();
    }

    /// <summary>The first of the film's pictures, as decoded frames of a clip in which nothing moves.</summary>
    public static VideoFrame[] Still(int frames)
    {
        VideoSize size = new(96, 64);
        byte[] pixels = [.. Enumerable.Range(0, size.Width * size.Height).SelectMany(i => new[] { (byte)(2 * (i % size.Width)), (byte)(3 * (i / size.Width)), (byte)128 })];
        return [.. Enumerable.Repeat(new VideoFrame(size, pixels), frames)];
    }

    private static string PathOf(string file) => RepositoryFolder.PathOf("tests", "Shared", "semantic-golden", file);
}
