using Microsoft.Extensions.Options;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Hosting;

/// <summary>Looks at options when the host starts: everything that is wrong at once, the pack's contract included. Reads no weights.</summary>
internal sealed class SeedanceOptionsValidation : IValidateOptions<SeedanceOptions>
{
    public ValidateOptionsResult Validate(string? name, SeedanceOptions options)
    {
        List<string> problems = [.. options.Pipeline.FindProblems()];
        if (string.IsNullOrWhiteSpace(options.Pack))
        {
            problems.Add("Pack must be the folder of a pack, but is empty. Set it in AddSeedance.");
        }
        else
        {
            try
            {
                _ = ModelPack.Open(options.Pack);
            }
            catch (ModelPackException error)
            {
                problems.AddRange(error.Problems.Select(problem => $"Pack '{options.Pack}': {problem}"));
            }
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
