using System.Text.Json.Nodes;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The pack of tiny graphs, and copies of it that a test may change.</summary>
internal static class TinyPack
{
    public static string Folder { get; } = RepositoryFolder.PathOf("tests", "Shared", "tiny-pack");

    /// <summary>Copies the pack.</summary>
    public static void CopyTo(TemporaryFolder folder)
    {
        foreach (string file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            string copy = folder.PathOf(Path.GetRelativePath(Folder, file));
            _ = Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>Changes the contract of a copy.</summary>
    public static void ChangeContract(TemporaryFolder folder, Action<JsonObject> change)
    {
        string path = folder.PathOf("seedance.json");
        JsonObject contract = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(contract);
        File.WriteAllText(path, contract.ToJsonString());
    }

    /// <summary>Makes the decoder of a copy want f to the power of 22 numbers besides: 16 MiB for 5 frames, more than there are addresses for 17.</summary>
    public static void MakeDecoderGreedy(TemporaryFolder folder)
    {
        string path = folder.PathOf("vae_decoder", "model.onnx");
        OnnxModel model = OnnxModel.Parse(File.ReadAllBytes(path));
        OnnxNode last = model.Graph.Nodes.Single(node => node.Outputs.Contains("sample"));
        last.Outputs[0] = "frames";
        GraphBuilder builder = new(model.Graph, "greedy");
        string Square(string value) => builder.Add("Mul", [value, value]);
        string f = builder.Add("Gather", [builder.Add("Shape", ["latent_sample"]), builder.Integers(2)]);
        string square = Square(f), fourth = Square(square), sixteenth = Square(Square(fourth));
        string count = builder.Add("Mul", [builder.Add("Mul", [sixteenth, fourth]), square]);
        string zero = builder.Add("ReduceMax", [builder.Add("ConstantOfShape", [count])], OnnxAttribute.Create("keepdims", 0L));
        model.Graph.Nodes.Add(new OnnxNode("Add", ["frames", zero], ["sample"]));
        model.Save(path);
    }
}
