using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Optimization;

/// <summary>Writes a pack that is like another but for some of its graphs.</summary>
internal sealed class PackCopy(ModelPack pack, string folder, CancellationToken cancellationToken)
{
    private const string ContractName = "seedance.json";
    private const string CardName = "README.md";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The full path of a file of the new pack.</summary>
    public string PathOf(string relative) => Path.Combine(folder, relative.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Copies every file but those of graphs that will be written anew.</summary>
    /// <param name="rewritten">The graphs whose files are left out.</param>
    /// <param name="kept">The graphs that stay; a file that one of them needs is copied in any case.</param>
    public void CopyFiles(IEnumerable<OnnxModel> rewritten, IEnumerable<OnnxModel> kept)
    {
        HashSet<string> left = [.. rewritten.SelectMany(ModelFiles.Of)];
        left.ExceptWith(kept.SelectMany(ModelFiles.Of));
        Directory.CreateDirectory(folder);
        foreach (string file in pack.Contract.Files.Keys.Append(CardName))
        {
            string source = Path.Combine(pack.Folder, file.Replace('/', Path.DirectorySeparatorChar));
            if (!left.Contains(source) && File.Exists(source))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
                File.Copy(source, PathOf(file));
            }
        }
    }

    /// <summary>Writes the contract of the old pack with a sentence on what was done behind its description, and the sums of the files that are there now.</summary>
    public void WriteContract(ModelOptimizationRequest request, IReadOnlyList<GraphOptimization> graphs)
    {
        JsonObject contract = JsonNode.Parse(File.ReadAllBytes(Path.Combine(pack.Folder, ContractName)))!.AsObject();
        contract["description"] = $"{pack.Contract.Description} {Describe(request, graphs)}";
        JsonObject sums = [];
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string file = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            if (file != CardName)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using FileStream stream = File.OpenRead(path);
                sums[file] = Convert.ToHexStringLower(SHA256.HashData(stream));
            }
        }

        contract["files"] = sums;
        File.WriteAllText(PathOf(ContractName), contract.ToJsonString(Format) + "\n");
    }

    private static string Describe(ModelOptimizationRequest request, IReadOnlyList<GraphOptimization> graphs)
    {
        GraphOptimization[] converted = [.. graphs.Where(graph => !graph.Precision.Converted.IsEmpty)];
        string precision = converted.Length == 0 ? "" : $"; {string.Join(", ", converted.Select(graph => graph.Graph))} in {request.Precision.ToName()}";
        return $"Optimised for {request.Target.ToName()}{precision}.";
    }
}
