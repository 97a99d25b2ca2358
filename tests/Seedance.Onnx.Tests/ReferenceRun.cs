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
            return Read(root, root) with { Prompt = root.GetProperty("prompt").GetString()!, Undistilled = true };
        }
    }

    /// <summary>Normalised latents, [1, C, f, h, w].</summary>
    public static float[] Latents => NpyFile.Read<float>(PathOf("latents.npy"));

    /// <summary>Those of the distilled transformer, sampled as the pack says.</summary>
    public static float[] FewLatents => NpyFile.Read<float>(PathOf("few.npy"));

    /// <summary>Frames, [F, H, W, 3].</summary>
    public static byte[] Frames => NpyFile.Read<byte>(PathOf("frames.npy"));

    /// <summary>The run of two shots between a given first and last frame, with the images as export_pack.py makes them.</summary>
    public static VideoRequest Film
    {
        get
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(PathOf("film.json")));
            JsonElement root = json.RootElement;
            VideoRequest request = Read(root, root);
            (int width, int height) = (request.Width!.Value, request.Height!.Value);
            return request with
            {
                Shots = [.. root.GetProperty("shots").EnumerateArray().Select(shot => new ShotRequest { Caption = shot.GetString()! })],
                FirstFrame = Picture("first", width, height, (x, y) => (2 * x, 3 * y, 128)),
                LastFrame = Picture("last", width, height, (x, y) => (255 - (2 * x), 40, 3 * y)),
                Undistilled = true,
            };
        }
    }

    /// <summary>Its latents, [1, C, f, h, w].</summary>
    public static float[] FilmLatents => NpyFile.Read<float>(PathOf("film.npy"));

    /// <summary>The latent frame that begins its second shot.</summary>
    public static int FilmCut
    {
        get
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(PathOf("film.json")));
            return json.RootElement.GetProperty("cut").GetInt32();
        }
    }

    /// <summary>What the recorded runs of the reference sampler have in common.</summary>
    /// <param name="root">Size and sampling.</param>
    /// <param name="run">Seed and length.</param>
    public static VideoRequest Read(JsonElement root, JsonElement run) => new()
    {
        Seed = run.GetProperty("seed").GetUInt64(),
        Frames = run.GetProperty("frames").GetInt32(),
        Width = root.GetProperty("width").GetInt32(),
        Height = root.GetProperty("height").GetInt32(),
        Steps = root.GetProperty("steps").GetInt32(),
        Guidance = root.GetProperty("guidance").GetDouble(),
        Shift = root.GetProperty("shift").GetDouble(),
        Solver = SolverKind.Euler,
    };

    /// <summary>A PPM file of a picture.</summary>
    private static ImageSource Picture(string name, int width, int height, Func<int, int, (int Red, int Green, int Blue)> colour)
    {
        List<byte> file = [.. System.Text.Encoding.ASCII.GetBytes($"P6\n{width} {height}\n255\n")];
        for (int i = 0; i < width * height; i++)
        {
            (int red, int green, int blue) = colour(i % width, i / width);
            file.AddRange([(byte)red, (byte)green, (byte)blue]);
        }

        return ImageSource.FromBytes(file.ToArray(), name + ".ppm");
    }

    private static string PathOf(string file) => RepositoryFolder.PathOf("tests", "Seedance.Onnx.Tests", "reference", file);
}
