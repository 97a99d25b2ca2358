using System.Text.Json;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The run of the PyTorch reference sampler that export-scripts/export_pack.py recorded with the weights of the shipped pack.</summary>
internal static class ReferenceRun
{
    public static string Pack { get; } = RepositoryFolder.PathOf("onnx", "seedance-mini");

    public static VideoRequest Request
    {
        get
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(PathOf("request.json")));
            JsonElement root = json.RootElement;
            return new VideoRequest
            {
                Prompt = root.GetProperty("prompt").GetString()!,
                Seed = root.GetProperty("seed").GetUInt64(),
                Frames = root.GetProperty("frames").GetInt32(),
                Width = root.GetProperty("width").GetInt32(),
                Height = root.GetProperty("height").GetInt32(),
                Steps = root.GetProperty("steps").GetInt32(),
                Guidance = root.GetProperty("guidance").GetDouble(),
                Shift = root.GetProperty("shift").GetDouble(),
                Solver = SolverKind.Euler,
            };
        }
    }

    /// <summary>Normalised latents, [1, C, f, h, w].</summary>
    public static float[] Latents => NpyFile.Read<float>(PathOf("latents.npy"));

    /// <summary>Frames, [F, H, W, 3].</summary>
    public static byte[] Frames => NpyFile.Read<byte>(PathOf("frames.npy"));

    private static string PathOf(string file) => RepositoryFolder.PathOf("tests", "Seedance.Onnx.Tests", "reference", file);
}
