using System.CommandLine;

namespace Seedance.Onnx.Cli;

/// <summary>A command whose help ends with examples to try.</summary>
internal sealed class DocumentedCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}
