using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Seedance.Onnx.Graphs;

namespace Seedance.Onnx.Testing;

/// <summary>
/// A pack with the contract of Wan's image-to-video models: text encoder, decoder and sizes are those of the tiny Wan pack, the transformer and both encoders of images small graphs of
/// random weights that look at all that such graphs are given. What is to come out of them is computed beside the pipeline, one graph and one number after another.
/// </summary>
internal static class WanImagePack
{
    /// <summary>Rows of features of one image.</summary>
    public const int FeatureRows = 5;

    private const int Latents = 16, Mask = 4, FeatureWidth = 20, TextWidth = 32;

    /// <summary>Writes the pack.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="images">How many images it must be given: 1 for a first frame, 2 for first and last.</param>
    /// <param name="wansEncoder">Whether its VAE encoder is that of the tiny Wan pack, which takes memory as Wan's does, but gives nearly the same whatever it is given.</param>
    public static void Write(string folder, int images, bool wansEncoder = false)
    {
        string source = RepositoryFolder.PathOf("tests", "Shared", "wan-pack");
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(source, file));
            _ = Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        string path = Path.Combine(folder, "seedance.json");
        JsonObject contract = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        contract["name"] = "wan-images";
        contract["images"] = new JsonObject { ["min"] = images, ["max"] = images };
        contract["transformer_channels"] = new JsonArray(
            new JsonObject { ["kind"] = "noisy", ["channels"] = Latents },
            new JsonObject { ["kind"] = "mask", ["channels"] = Mask },
            new JsonObject { ["kind"] = "condition", ["channels"] = Latents, ["absent"] = "grey" });
        JsonObject graphs = contract["graphs"]!.AsObject(), inputs = graphs["transformer"]!["inputs"]!.AsObject();
        inputs["hidden_states"] = Tensor("B", (2 * Latents) + Mask, "f", "h", "w");
        inputs["encoder_hidden_states_image"] = Tensor("B", FeatureRows * images, FeatureWidth);
        graphs["image_encoder"] = new JsonObject
        {
            ["file"] = "image_encoder/model.onnx",
            ["inputs"] = new JsonObject { ["pixel_values"] = Tensor("B", 3, "H", "W") },
            ["outputs"] = new JsonObject { ["last_hidden_state"] = Tensor("B", FeatureRows, FeatureWidth) },
        };
        (string Role, OnnxModel Model)[] models = [("transformer", Transformer()), ("image_encoder", ImageEncoder()), ("vae_encoder", VaeEncoder())];
        foreach ((string role, OnnxModel model) in wansEncoder ? models[..2] : models)
        {
            string file = Path.Combine(folder, role, "model.onnx");
            _ = Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            model.Save(file);
            contract["files"]![$"{role}/model.onnx"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
        }

        File.WriteAllText(path, contract.ToJsonString());
    }

    /// <summary>Neighbours in time and space on all channels, the mean of the texts' features, that of the images' and their first row, and the timestep, through a tanh.</summary>
    private static OnnxModel Transformer()
    {
        OnnxModel model = new(new OnnxGraph("transformer"), opset: 18);
        GraphBuilder graph = new(model.Graph);
        const int channels = (2 * Latents) + Mask;
        graph.Input("hidden_states", OnnxElementType.Float32, "B", channels, "f", "h", "w");
        graph.Input("timestep", OnnxElementType.Float32, "B");
        graph.Input("encoder_hidden_states", OnnxElementType.Float32, "B", "S", TextWidth);
        graph.Input("encoder_hidden_states_image", OnnxElementType.Float32, "B", "I", FeatureWidth);
        string Places(string value, int width) => graph.Add(
            "Unsqueeze", [graph.Add("MatMul", [value, Weights(graph, width, width, Latents)]), graph.Integers(2, 3, 4)]);
        string Mean(string value) => graph.Add("ReduceMean", [value, graph.Integers(1)], OnnxAttribute.Create("keepdims", 0L));
        string first = graph.Add("Gather", ["encoder_hidden_states_image", graph.Constant<long>("first", [0])], OnnxAttribute.Create("axis", 1L));
        string[] parts =
        [
            graph.Add("Conv", ["hidden_states", Weights(graph, 9 * channels, Latents, channels, 3, 3, 3)], OnnxAttribute.Create("pads", [1L, 1, 1, 1, 1, 1])),
            Places(Mean("encoder_hidden_states"), TextWidth),
            Places(Mean("encoder_hidden_states_image"), FeatureWidth),
            Places(first, FeatureWidth),
            graph.Add("Mul", [graph.Add("Unsqueeze", ["timestep", graph.Integers(1, 2, 3, 4)]), graph.Number(0.001f)]),
        ];
        string velocity = graph.Add("Tanh", [parts.Aggregate((sum, part) => graph.Add("Add", [sum, part]))]);
        graph.Output(graph.Rename(velocity, "out_hidden_states"), OnnxElementType.Float32, "B", Latents, "f", "h", "w");
        return model;
    }

    /// <summary>The picture in 4 × 4 pixels, and from them rows of features.</summary>
    private static OnnxModel ImageEncoder()
    {
        const int side = 4, values = 3 * side * side;
        OnnxModel model = new(new OnnxGraph("image_encoder"), opset: 18);
        GraphBuilder graph = new(model.Graph);
        graph.Input("pixel_values", OnnxElementType.Float32, "B", 3, "H", "W");
        string batch = graph.Add("Slice", [graph.Add("Shape", ["pixel_values"]), graph.Integers(0), graph.Integers(2)]);
        string sizes = graph.Add("Concat", [batch, graph.Integers(side, side)], OnnxAttribute.Create("axis", 0L));
        string small = graph.Add("Resize", ["pixel_values", "", "", sizes], OnnxAttribute.Create("mode", "cubic"), OnnxAttribute.Create("cubic_coeff_a", -0.75f));
        string mixed = graph.Add("MatMul", [graph.Add("Flatten", [small]), Weights(graph, values, values, FeatureRows * FeatureWidth)]);
        string rows = graph.Add("Tanh", [graph.Add("Reshape", [mixed, graph.Integers(0, FeatureRows, FeatureWidth)])]);
        graph.Output(graph.Rename(rows, "last_hidden_state"), OnnxElementType.Float32, "B", FeatureRows, FeatureWidth);
        return model;
    }

    /// <summary>Blocks of pixels and the seven frames up to the last of their latent frame, so that each looks back beyond its own group.</summary>
    private static OnnxModel VaeEncoder()
    {
        const int frames = 7, side = 8, values = 3 * frames * side * side;
        OnnxModel model = new(new OnnxGraph("vae_encoder"), opset: 18);
        GraphBuilder graph = new(model.Graph);
        graph.Input("sample", OnnxElementType.Float32, "B", 3, "F", "H", "W");
        string blocks = graph.Add(
            "Conv",
            ["sample", Weights(graph, values, 2 * Latents, 3, frames, side, side), Weights(graph, 4, 2 * Latents)],
            OnnxAttribute.Create("strides", [4L, side, side]),
            OnnxAttribute.Create("pads", [frames - 1L, 0, 0, 0, 0, 0]));
        graph.Output(graph.Rename(graph.Add("Tanh", [blocks]), "latent_parameters"), OnnxElementType.Float32, "B", 2 * Latents, "f", "h", "w");
        return model;
    }

    /// <summary>Normal numbers whose sum over so many terms stays about as large as they are.</summary>
    private static string Weights(GraphBuilder graph, int terms, params ReadOnlySpan<long> shape)
    {
        float[] values = new float[shape.ToArray().Aggregate(1L, (a, b) => a * b)];
        new Sampling.TorchRandom((ulong)values.Length).FillNormal(values);
        return graph.Constant<float>("weights", Array.ConvertAll(values, value => 2 * value / MathF.Sqrt(terms)), shape);
    }

    private static JsonObject Tensor(params JsonNode[] shape) => new() { ["type"] = "float32", ["shape"] = new JsonArray(shape) };
}
