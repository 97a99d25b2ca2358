using Microsoft.OpenApi;

namespace Seedance.Onnx.Server.Http;

/// <summary>The OpenAPI document at /openapi/v1.json, made of the endpoints when somebody asks: what they take and give stands at them and nowhere else. The page at /docs shows it.</summary>
internal static class ApiDocument
{
    private const string Bearer = "bearer";

    // What may come instead of an answer, with the status that says which; the texts are OpenAPI's own for these.
    private static readonly int[] Refusals =
    [
        StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status413PayloadTooLarge,
        StatusCodes.Status415UnsupportedMediaType, StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable,
    ];

    public static void Add(IServiceCollection services) => services.AddOpenApi(document => document.AddDocumentTransformer((made, _, _) =>
    {
        made.Info.Title = "Seedance.Onnx";
        made.Info.Version = typeof(ApiDocument).Assembly.GetName().Version!.ToString(3);
        made.Components ??= new OpenApiComponents();
        made.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        made.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer, Description = "An API key, where the server has any." };
        made.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, made)] = [] }];
        return Task.CompletedTask;
    }));

    /// <summary>Says of an API's endpoints that they refuse in its envelope.</summary>
    public static RouteGroupBuilder Refuses(this RouteGroupBuilder endpoints, params int[] more) =>
        endpoints.WithMetadata([.. Refusals.Concat(more).Select(status => new ProducesResponseTypeMetadata(status, typeof(ErrorAnswer), ["application/json"]))]);
}
