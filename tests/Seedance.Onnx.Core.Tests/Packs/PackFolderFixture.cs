using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Packs;

/// <summary>A pack in a folder of its own: a contract of this test project, small stand-ins for the graphs, and their true hashes.</summary>
internal sealed class PackFolderFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="name">The contract: "mini" or "wan".</param>
    /// <param name="change">Changes the contract before it is written.</param>
    /// <param name="changeScheduler">Changes the scheduler's file before it is written and hashed.</param>
    public PackFolderFixture(string name = "mini", Action<JsonObject>? change = null, Action<JsonObject>? changeScheduler = null)
    {
        JsonObject contract = ReadJson($"{name}.json");
        JsonObject scheduler = ReadJson($"{name}.scheduler.json");
        changeScheduler?.Invoke(scheduler);
        JsonObject files = contract["files"]!.AsObject();
        foreach ((string role, JsonNode? graph) in contract["graphs"]!.AsObject())
        {
            string file = graph!["file"]!.GetValue<string>();
            files[file] = Write(file, $"stand-in for {role}");
        }

        files[SchedulerReader.FileName] = Write(SchedulerReader.FileName, scheduler.ToJsonString());
        change?.Invoke(contract);
        Write(ContractReader.FileName, contract.ToJsonString());
        Write("README.md", "model card");
    }

    public string Path => _folder.Path;

    public static JsonObject ReadJson(string name) =>
        JsonNode.Parse(File.ReadAllText(RepositoryFolder.PathOf("tests", "Seedance.Onnx.Core.Tests", "Packs", name)))!.AsObject();

    public string PathOf(string relative) => _folder.PathOf(relative.Split('/'));

    /// <summary>Writes a file and gives its sha256.</summary>
    public string Write(string relative, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(PathOf(relative))!);
        File.WriteAllBytes(PathOf(relative), bytes);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    public ModelPack Open() => ModelPack.Open(Path);

    /// <summary>The problems that opening the pack reports.</summary>
    public IReadOnlyList<string> Problems() => Assert.Throws<ModelPackException>(Open).Problems;

    public void Dispose() => _folder.Dispose();
}
