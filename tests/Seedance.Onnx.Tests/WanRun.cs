using System.Text.Json;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The tiny Wan pack, and what export-scripts/tests/make_wan_pack.py recorded of the same weights in PyTorch.</summary>
internal static class WanRun
{
    public static string Pack { get; } = RepositoryFolder.PathOf("tests", "Shared", "wan-pack");

    public static VideoRequest Request
    {
        get
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(PathOf("request.json")));
            JsonElement root = json.RootElement;
            return new VideoRequest
            {
                Prompt = root.GetProperty("prompt").GetString()!,
                NegativePrompt = root.GetProperty("negative").GetString(),
                Seed = root.GetProperty("seed").GetUInt64(),
                Frames = root.GetProperty("frames").GetInt32(),
                Width = root.GetProperty("width").GetInt32(),
                Height = root.GetProperty("height").GetInt32(),
                Steps = root.GetProperty("steps").GetInt32(),
            };
        }
    }

    /// <summary>A recorded tensor, float32.</summary>
    public static float[] Numbers(string name) => NpyFile.Read<float>(PathOf($"{name}.npy"));

    /// <summary>The frames of <see cref="Request"/>, [F, H, W, 3].</summary>
    public static byte[] Frames => NpyFile.Read<byte>(PathOf("video_frames.npy"));

    /// <summary>So much of the largest value.</summary>
    public static Tolerance OfLargest(ReadOnlySpan<float> expected, double share, string reason)
    {
        float largest = 0;
        foreach (float value in expected)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return new Tolerance(reason, share * largest, 0);
    }

    private static string PathOf(string file) => RepositoryFolder.PathOf("tests", "Shared", "wan-golden", file);
}
