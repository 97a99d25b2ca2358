namespace Seedance.Onnx.Graphs.Storage;

/// <summary>What must hold before anything can be done with a model: every value is made once, from values that are there, without a cycle.</summary>
internal sealed class ModelCheck
{
    private const int MostReported = 8;

    private readonly List<string> _problems = [];

    private ModelCheck()
    {
    }

    /// <summary>Checks a model.</summary>
    /// <exception cref="ModelFileException">Something is wrong; the first few problems are named.</exception>
    public static void Run(OnnxModel model)
    {
        ModelCheck check = new();
        check.CheckGraph(model.Graph, "", model.Opsets, null);
        foreach (OnnxFunction function in model.Functions)
        {
            check.CheckNodes(function.Nodes, $" of function '{function.Name}'", function.Opsets, new Scope(null, function.Inputs), function.Outputs);
        }

        if (check._problems.Count > 0)
        {
            string[] more = check._problems.Count > MostReported ? [$"And {check._problems.Count - MostReported} more."] : [];
            throw new ModelFileException(model.Source, [.. check._problems.Take(MostReported), .. more]);
        }
    }

    private void CheckGraph(OnnxGraph graph, string place, OpsetImports opsets, Scope? outer)
    {
        // Sparse initialisers are not interpreted, but what they name is there.
        Scope scope = new(outer, [.. graph.Inputs.Select(input => input.Name), .. graph.Initializers.Select(tensor => tensor.Name),
            .. graph.Message.SparseInitializer.Select(tensor => tensor.Values?.Name ?? "")]);
        CheckNodes(graph.Nodes, place, opsets, scope, graph.Outputs.Select(output => output.Name));
    }

    private void CheckNodes(IList<OnnxNode> nodes, string place, OpsetImports opsets, Scope scope, IEnumerable<string> outputs)
    {
        foreach (OnnxNode node in nodes)
        {
            if (opsets.Find(node.Domain) is null)
            {
                _problems.Add($"Node {node}{place} must be from a domain that the model imports, but is from '{node.Domain}'. Add the domain to its opset imports.");
            }

            if (OperatorArity.FindProblem(node) is { } problem)
            {
                _problems.Add($"Node {node}{place} {problem}. Export the model again.");
            }

            foreach (string output in node.Outputs.Where(output => output.Length > 0 && !scope.Own.Add(output)))
            {
                _problems.Add($"Value '{output}'{place} must be made once, but node {node} makes it again. Export the model again.");
            }
        }

        foreach (OnnxNode node in nodes)
        {
            foreach (string input in node.Inputs.Where(input => input.Length > 0 && !scope.Has(input)))
            {
                _problems.Add($"Input '{input}' of node {node}{place} must be made somewhere, but is not. Export the model again.");
            }

            foreach (OnnxGraph graph in node.Subgraphs)
            {
                CheckGraph(graph, $" inside node '{node.Name}'", opsets, scope);
            }
        }

        foreach (string output in outputs.Where(output => output.Length > 0 && !scope.Has(output)))
        {
            _problems.Add($"Output '{output}'{place} must be made somewhere, but is not. Export the model again.");
        }

        if (_problems.Count == 0 && NodeOrder.FindCycle(nodes) is { } cycle)
        {
            _problems.Add($"Nodes{place} must not depend on themselves, but {cycle} does. Export the model again.");
        }
    }

    /// <summary>The values of a graph and, behind them, those of the graphs around it.</summary>
    private sealed class Scope(Scope? outer, IEnumerable<string> names)
    {
        public HashSet<string> Own { get; } = new(names, StringComparer.Ordinal);

        public bool Has(string name) => Own.Contains(name) || outer?.Has(name) == true;
    }
}
